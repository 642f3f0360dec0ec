// The gateway in Bun's own server. `bun bun.mjs <port> <url> …`.

import { createGateway } from "../../../dist/gateway/index.js";
import { Router } from "../../../dist/index.js";

const [port, ...urls] = process.argv.slice(2);
const router = new Router({
  replicas: urls.map((url, i) => ({ id: `replica-${i + 1}`, url })),
  policy: "prefix_aware",
});
const gateway = createGateway({ router });
Bun.serve({ hostname: "127.0.0.1", port: Number(port), idleTimeout: 0, fetch: (request) => gateway.fetch(request) });
console.log("ready");
