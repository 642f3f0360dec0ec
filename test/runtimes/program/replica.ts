import { startReplica } from "../../../src/simulator/index.js";

/** A replica listens, streams, breaks when it is told to and frees its port, in runtimes that can listen; others are told that they cannot. */
export async function checkReplica(): Promise<void> {
  // Workers and pages have none, or one that says nothing of Node.
  const { process, navigator } = globalThis as Host;
  if (process?.versions?.node === undefined || navigator?.userAgent === "Cloudflare-Workers") {
    const error = await startReplica().then(
      () => new Error("it listens where nothing can listen"),
      (refusal: unknown) => refusal,
    );
    if (!String(error).includes("nothing can listen here")) throw error;
    return;
  }
  const running = await startReplica({ speed: 100 });
  const ask = async (body: object): Promise<string> => {
    const response = await fetch(`${running.url}/v1/completions`, { method: "POST", body: JSON.stringify(body) });
    return response.text();
  };
  const body = { prompt: "Why is the sky blue?", max_tokens: 8 };
  const { usage } = JSON.parse(await ask(body));
  if (usage.completion_tokens !== 8) throw new Error(`8 tokens were asked for, and ${usage.completion_tokens} came`);
  const stream = await ask({ ...body, stream: true });
  if (!stream.endsWith("data: [DONE]\n\n")) throw new Error(`the stream ends in ${JSON.stringify(stream.slice(-80))}`);
  running.replica.inject({ kind: "cut", afterTokens: 3 });
  await broken(ask({ ...body, stream: true }), "a stream that is cut");
  await running.close();
  await broken(ask(body), "a request to a closed port");
}

async function broken(answer: Promise<string>, what: string): Promise<void> {
  const text = await answer.catch(() => null);
  if (text !== null) throw new Error(`${what} was answered: ${text}`);
}

interface Host {
  readonly process?: { readonly versions?: { readonly node?: string } };
  readonly navigator?: { readonly userAgent?: string };
}
