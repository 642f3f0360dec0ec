// The router alone in front of node:http: it chooses a replica, and everything else is yours.
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { NoReplicaError, Router } from "warmroute";

const urls =
  process.env.REPLICAS ?? "http://localhost:8001 http://localhost:8002 http://localhost:8003 http://localhost:8004";

const router = new Router({
  policy: "prefix_aware",
  replicas: urls.split(" ").map((url, i) => ({ id: `replica-${i + 1}`, url, maxOngoingRequests: 64 })),
});

const server = createServer(async (request, response) => {
  const leaving = new AbortController();
  // A client that leaves stops the generation: nobody pays for tokens that nobody reads.
  response.once("close", () => leaving.abort());
  try {
    if (request.method !== "POST") return refuse(response, 405, "POST a completion or a chat completion.");
    const { answer, lease } = await send(request.url, await json(request), leaving.signal);
    response.writeHead(answer.status, {
      "content-type": answer.headers.get("content-type"),
      "x-warmroute-replica": lease.replica.id,
    });
    // The lease is held to the last byte, since the replica is busy for as long as it generates.
    await pipeline(Readable.fromWeb(answer.body), response).finally(() => lease.release());
  } catch (error) {
    if (leaving.signal.aborted || response.headersSent) response.destroy();
    else if (error instanceof SyntaxError) refuse(response, 400, "The body must be JSON.");
    else if (error instanceof NoReplicaError) refuse(response, 503, error.message);
    else refuse(response, 502, String(error));
  }
});

/** Sends the body to the chosen replica. One that is full or cannot be reached is left for another: no byte has gone out yet. */
async function send(path, body, signal) {
  for (const exclude = new Set(); ; ) {
    const lease = router.route(body, { exclude }); // throws NoReplicaError once all have been tried
    exclude.add(lease.replica.id);
    try {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(lease.replica.url + path, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
        signal,
      });
      if (answer.ok) lease.accept();
      else lease.reject(); // the replica has computed nothing, so its cache has nothing: the tree forgets the text again
      if (answer.status !== 503 && answer.status !== 429) return { answer, lease };
      await answer.body?.cancel();
    } catch (error) {
      lease.reject();
      if (signal.aborted) throw error;
    }
  }
}

function refuse(response, status, message) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error: { message } }));
}

server.listen(Number(process.env.PORT ?? 8000));
await once(server, "listening");
console.log(`http://localhost:${server.address().port}/v1/chat/completions`);
