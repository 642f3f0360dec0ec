// The gateway mounted into a Hono app: it is one fetch handler, and the app keeps its own routes and its own middleware.
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";

const urls =
  process.env.REPLICAS ?? "http://localhost:8001 http://localhost:8002 http://localhost:8003 http://localhost:8004";

export const router = new Router({
  policy: "prefix_aware",
  replicas: urls.split(" ").map((url, i) => ({ id: `replica-${i + 1}`, url })),
});
export const gateway = createGateway({ router, replicaHeader: true });

export const app = new Hono();

app.get("/", (c) => c.text("Point an OpenAI client at /llm/v1"));
// What your app asks of its users is asked before a replica is chosen.
app.use("/llm/v1/*", bearerAuth({ token: process.env.API_KEY ?? "secret" }));
// `mount` takes /llm off the path, so the gateway sees /v1/chat/completions.
app.mount("/llm", gateway.fetch);
// The router is yours to look at: who is busy with how many requests, who has been sent how much text.
app.get("/replicas", (c) =>
  c.json(
    router.replicas.map(({ id, queueLength }) => ({ id, queueLength, chars: router.tree?.tenantToCharCount.get(id) })),
  ),
);
