// The gateway inside an Express app: your own middleware in front of it, your own routes beside it.
import { getRequestListener } from "@hono/node-server";
import express from "express";
import { Router } from "warmroute";
import { createGateway } from "warmroute/gateway";

const urls =
  process.env.REPLICAS ?? "http://localhost:8001 http://localhost:8002 http://localhost:8003 http://localhost:8004";
const key = process.env.API_KEY ?? "secret";

const router = new Router({
  policy: "prefix_aware",
  replicas: urls.split(" ").map((url, i) => ({ id: `replica-${i + 1}`, url })),
});
const gateway = createGateway({
  router,
  replicaHeader: true,
  onRequestEnd: ({ path, status, replica, matchRate, totalMs }) =>
    console.log(`${path} ${status} ${replica} match ${matchRate?.toFixed(2)} ${Math.round(totalMs)} ms`),
});

const app = express();

app.use("/v1", (request, response, next) => {
  if (request.get("authorization") === `Bearer ${key}`) return next();
  response
    .status(401)
    .json({ error: { message: "Give the API key as a bearer token.", type: "invalid_request_error" } });
});
// `all` and not `use`, which would take /v1 off the path; and before express.json(), since the gateway passes on the body's
// own bytes. The listener turns Node's request into the web's, streams both ways, and tells the gateway of a client that leaves.
app.all(["/v1/*path", "/metrics"], getRequestListener(gateway.fetch));
app.use(express.json());
app.get("/", (_request, response) => response.send("Point an OpenAI client at /v1"));

const server = app.listen(Number(process.env.PORT ?? 8000), () =>
  console.log(`http://localhost:${server.address().port}/v1`),
);

process.once("SIGTERM", async () => {
  await gateway.drain(); // answers under way are finished, new work is refused
  server.close();
});
