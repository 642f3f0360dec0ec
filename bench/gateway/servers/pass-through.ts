// The least that a proxy in Node can do: `node:http` in front, `undici` behind. `tsx pass-through.ts <port> <url> …`, in turn.
import { createServer } from "node:http";
import { Pool } from "undici";

const [port, ...urls] = process.argv.slice(2);
const pools = urls.map((url) => new Pool(url, { connections: 4096 }));
let turn = 0;

const server = createServer((incoming, outgoing) => {
  const pool = pools[turn++ % pools.length]!;
  const { host: _, ...headers } = incoming.headers;
  const request = {
    path: incoming.url!,
    method: incoming.method as "POST",
    headers,
    body: incoming.method === "GET" ? null : incoming,
  };
  pool
    .stream(request, ({ statusCode, headers: answered }) =>
      outgoing.writeHead(statusCode, answered as Record<string, string>),
    )
    .catch(() => outgoing.destroy());
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
