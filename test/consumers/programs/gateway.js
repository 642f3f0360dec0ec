import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";

/** No replicas, and no wait for one: each answer is the gateway's own. */
export async function program() {
  const router = new Router({ policy: "prefix_aware", replicas: [] });
  const gateway = createGateway({ router, timeouts: { queueMs: 0 } });
  const answers = [];
  for (const [method, path, body] of [
    ["GET", "/health"],
    ["GET", "/metrics"],
    ["POST", "/v1/completions", '{"prompt":"Why is the sky blue?"}'],
    ["POST", "/v1/completions", "{"],
  ]) {
    const answer = await gateway.fetch(new Request(`http://gateway${path}`, { method, body }));
    await answer.arrayBuffer();
    answers.push(answer.status);
  }
  return JSON.stringify({ answers });
}
