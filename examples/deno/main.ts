// The gateway in Deno: a fetch handler is all that Deno.serve asks for. Only the network and the environment are needed.
import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";

const urls =
  Deno.env.get("REPLICAS") ?? "http://localhost:8001 http://localhost:8002 http://localhost:8003 http://localhost:8004";

const router = new Router({
  policy: "prefix_aware",
  replicas: urls.split(" ").map((url, i) => ({ id: `replica-${i + 1}`, url })),
});
const gateway = createGateway({ router, replicaHeader: true });

const server = Deno.serve(
  {
    port: Number(Deno.env.get("PORT") ?? 8000),
    onListen: ({ port }) => console.log(`http://localhost:${port}/v1`),
  },
  gateway.fetch,
);

Deno.addSignalListener("SIGTERM", async () => {
  await gateway.drain(); // answers under way are finished, new work is refused
  await server.shutdown();
});
