import { Router } from "warmroute";
import { PROFILES, simulatedReplica } from "warmroute/simulator";

/** Letters and not colours alone tell the replicas apart. */
export const IDS = ["A", "B", "C", "D"];

/** Four simulated vLLM servers and the router in front of them. */
export function createCluster() {
  // 70 times slower to read a prompt than a real one: so the few words typed here show what pages of them would. And with
  // room for 1,600 tokens, not 500,000, so that one request is seen in it.
  const profile = { ...PROFILES["l4-qwen2.5-1.5b"], prefillTokenMs: 5, blocks: 100 };
  const servers = new Map(IDS.map((id) => [id, simulatedReplica({ profile })]));
  const router = new Router({ policy: "prefix_aware", seed: 5, replicas: IDS.map((id) => ({ id })) });

  return {
    router,
    servers,

    /** Routes a prompt at once; `answered` resolves with what the replica said. */
    send(prompt) {
      const lease = router.route({ text: prompt });
      return { decision: lease.decision, answered: ask(servers.get(lease.replica.id), prompt, lease) };
    },

    close() {
      router[Symbol.dispose]();
      for (const server of servers.values()) server.close();
    },
  };
}

/** Streams, because the time to the first token is what a warm cache shortens. */
async function ask(server, prompt, lease) {
  const start = performance.now();
  try {
    const answer = await server.fetch(
      new Request("http://replica/v1/completions", {
        method: "POST",
        body: JSON.stringify({ prompt, max_tokens: 40, stream: true, stream_options: { include_usage: true } }),
      }),
    );
    if (!answer.ok) {
      lease.reject();
      throw new Error((await answer.json()).error.message);
    }
    lease.accept();
    let ttftMs = 0;
    let text = "";
    let usage;
    for await (const event of events(answer.body)) {
      ttftMs ||= performance.now() - start;
      text += event.choices[0]?.text ?? "";
      usage = event.usage ?? usage;
    }
    return { text, ttftMs, promptTokens: usage.prompt_tokens, cachedTokens: usage.prompt_tokens_details.cached_tokens };
  } finally {
    lease.release();
  }
}

/** The JSON of each server-sent event. */
async function* events(body) {
  let buffer = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader(); // Safari cannot iterate over a stream
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (buffer + piece.value).split("\n\n");
    buffer = lines.pop();
    for (const line of lines) if (line !== "data: [DONE]") yield JSON.parse(line.slice("data: ".length));
  }
}
