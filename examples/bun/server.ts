// The gateway in Bun: a fetch handler is all that Bun.serve asks for.
import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";

const urls =
  process.env.REPLICAS ?? "http://localhost:8001 http://localhost:8002 http://localhost:8003 http://localhost:8004";

const router = new Router({
  policy: "prefix_aware",
  replicas: urls.split(" ").map((url, i) => ({ id: `replica-${i + 1}`, url })),
});
const gateway = createGateway({ router, replicaHeader: true });

const server = Bun.serve({
  port: Number(process.env.PORT ?? 8000),
  fetch: gateway.fetch,
  idleTimeout: 0, // Bun cuts what is silent for 10 s, and a long prompt can take a model longer than that to begin
});
console.log(`http://localhost:${server.port}/v1`);

process.once("SIGTERM", async () => {
  await gateway.drain(); // answers under way are finished, new work is refused
  await server.stop();
});
