// Node's way to serve a fetch handler. In Bun, Deno and Workers `export default app` is all it takes.
import { serve } from "@hono/node-server";
import { app, gateway } from "./app.js";

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8000) }, ({ port }) =>
  console.log(`http://localhost:${port}/llm/v1`),
);

process.once("SIGTERM", async () => {
  await gateway.drain(); // answers under way are finished, new work is refused
  server.close();
});
