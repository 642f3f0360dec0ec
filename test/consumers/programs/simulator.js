import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";
import { simulatedReplica } from "warmroute/simulator";

export async function program() {
  const replicas = new Map(["a", "b"].map((id) => [`http://${id}`, simulatedReplica({ speed: 10_000 })]));
  const router = new Router({
    policy: "prefix_aware",
    replicas: [...replicas.keys()].map((url) => ({ id: url.at(-1), url })),
  });
  const gateway = createGateway({
    router,
    replicaHeader: true,
    upstreamFetch: (url, init) => {
      const request = new Request(url, init);
      return replicas.get(new URL(request.url).origin).fetch(request);
    },
  });
  const answers = [];
  for (const question of ["Why is the sky blue?", "Why is grass green?", "Why is the sky blue? Tell me more."]) {
    const messages = [{ role: "user", content: `You are a helpful assistant. `.repeat(20) + question }];
    const answer = await gateway.fetch(
      new Request("http://gateway/v1/chat/completions", {
        method: "POST",
        body: JSON.stringify({ model: "Qwen/Qwen2.5-1.5B-Instruct", messages, max_tokens: 3 }),
      }),
    );
    const { usage } = await answer.json();
    answers.push([answer.headers.get("x-warmroute-replica"), usage.prompt_tokens_details?.cached_tokens]);
  }
  for (const replica of replicas.values()) replica.close();
  return JSON.stringify({ answers });
}
