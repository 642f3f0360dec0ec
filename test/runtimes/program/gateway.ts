import { createGateway } from "../../../src/gateway/index.js";
import { Router } from "../../../src/index.js";
import { simulatedReplica } from "../../../src/simulator/index.js";

const REPLICAS = ["a", "b", "c"];
const BODY = {
  model: "Qwen/Qwen2.5-1.5B-Instruct",
  messages: [{ role: "user", content: "Why is the sky blue? ".repeat(20) }],
  max_tokens: 8,
};

/** The gateway answers from simulated replicas, whole and streamed, all without a socket; what was said before is cached. */
export async function checkGateway(): Promise<void> {
  const replicas = new Map(REPLICAS.map((id) => [`http://${id}`, simulatedReplica({ speed: 1000 })]));
  const router = new Router({ policy: "prefix_aware", replicas: REPLICAS.map((id) => ({ id, url: `http://${id}` })) });
  const upstreamFetch: typeof fetch = (input, init) => {
    const request = new Request(input as RequestInfo, init);
    return replicas.get(new URL(request.url).origin)!.fetch(request);
  };
  const gateway = createGateway({ router, upstreamFetch, replicaHeader: true });
  const ask = async (body: object): Promise<[replica: string | null, answer: string]> => {
    const headers = { "content-type": "application/json" };
    const url = "http://gateway/v1/chat/completions";
    const answer = await gateway.fetch(new Request(url, { method: "POST", headers, body: JSON.stringify(body) }));
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${text}`);
    return [answer.headers.get("x-warmroute-replica"), text];
  };

  const [first] = await ask(BODY);
  const [second, whole] = await ask(BODY);
  if (first === null || second !== first) throw new Error(`the same request went to ${first}, then to ${second}`);
  const cached = JSON.parse(whole).usage.prompt_tokens_details.cached_tokens;
  if (!(cached > 0)) throw new Error(`${cached} tokens were cached when the request came again`);
  const [, streamed] = await ask({ ...BODY, stream: true });
  if (!streamed.endsWith("data: [DONE]\n\n"))
    throw new Error(`the stream ends in ${JSON.stringify(streamed.slice(-80))}`);

  await gateway.drain();
  for (const replica of replicas.values()) replica.close();
  router[Symbol.dispose]?.();
}
