// A replica that costs next to nothing: an answer at once, or a stream of `max_tokens` chunks, `seed` milliseconds apart (0: all in one
// write). Both are fields that every proxy passes on. `tsx replica.ts <port>`.
import { createServer, type ServerResponse } from "node:http";

const MODEL = "bench";
const WHOLE = JSON.stringify({
  id: "1",
  object: "chat.completion",
  created: 0,
  model: MODEL,
  choices: [{ index: 0, message: { role: "assistant", content: "yes" }, logprobs: null, finish_reason: "stop" }],
  usage: { prompt_tokens: 1700, completion_tokens: 1, total_tokens: 1701 },
});
const CHUNK = `data: ${JSON.stringify({
  id: "1",
  object: "chat.completion.chunk",
  created: 0,
  model: MODEL,
  choices: [{ index: 0, delta: { content: " yes" }, logprobs: null, finish_reason: null }],
})}\n\n`;
const DONE = "data: [DONE]\n\n";

const server = createServer((incoming, outgoing) => {
  if (incoming.method === "GET") {
    outgoing.setHeader("content-type", "application/json");
    // What the other routers ask a replica for before they use it.
    outgoing.end(
      JSON.stringify({
        object: "list",
        status: "ok",
        model_path: MODEL,
        data: [{ id: MODEL, object: "model", created: 0, owned_by: "bench" }],
      }),
    );
    return;
  }
  const pieces: Buffer[] = [];
  incoming.on("data", (piece: Buffer) => pieces.push(piece));
  incoming.on("end", () => answer(Buffer.concat(pieces).toString("latin1"), outgoing));
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));

function answer(body: string, outgoing: ServerResponse): void {
  if (!/"stream":\s*true/.test(body)) {
    outgoing.writeHead(200, { "content-type": "application/json", "content-length": WHOLE.length }).end(WHOLE);
    return;
  }
  const chunks = Number(/"max_tokens":\s*(\d+)/.exec(body)?.[1] ?? 1);
  const paceMs = Number(/"seed":\s*(\d+)/.exec(body)?.[1] ?? 0);
  outgoing.writeHead(200, { "content-type": "text/event-stream" });
  if (paceMs === 0) {
    outgoing.end(CHUNK.repeat(chunks) + DONE);
    return;
  }
  let sent = 0;
  const timer = setInterval(() => {
    outgoing.write(CHUNK);
    if (++sent < chunks) return;
    clearInterval(timer);
    outgoing.end(DONE);
  }, paceMs);
  outgoing.once("close", () => clearInterval(timer));
}
