import type { IncomingMessage, RequestListener, ServerResponse } from "./node-types.js";

export type FetchHandler = (request: Request) => Promise<Response>;

/**
 * A listener for `node:http` that answers through a fetch handler. Bodies pass both ways as they come, read only as fast as
 * the other side takes them. A client that leaves aborts `request.signal` and cancels the answer's body; a body that
 * errors cuts the connection, so that the client cannot take it for whole; `Response.error()` closes it without an answer.
 */
export function requestListener(handler: FetchHandler): RequestListener {
  // A Request that nobody holds may be collected, and its signal then never fires: Node keeps the link to it weakly.
  const open = new Set<Request>();
  return (incoming, outgoing) => {
    const leaving = new AbortController();
    let request: Request;
    try {
      request = toRequest(incoming, leaving.signal);
    } catch {
      outgoing.writeHead(400, { connection: "close" }).end();
      return;
    }
    open.add(request);
    outgoing.once("close", () => {
      open.delete(request);
      if (!outgoing.writableFinished) leaving.abort(new DOMException("the client left", "AbortError"));
    });
    handler(request)
      .then((response) => send(response, incoming, outgoing))
      .catch((error: unknown) => {
        console.error(error);
        if (!outgoing.headersSent) outgoing.writeHead(500, { connection: "close" });
        outgoing.end();
      });
  };
}

const HOST = /^[\w.:[\]-]+$/;

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const target = incoming.url ?? "/";
  const host = incoming.headers.host ?? "localhost";
  // One with a slash or a question mark would become a part of the path.
  if (!HOST.test(host)) throw new TypeError(`not a host: ${JSON.stringify(host)}`);
  const url = target.startsWith("/") ? `http://${host}${target}` : target;
  const headers = new Headers();
  const raw = incoming.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) headers.append(raw[i]!, raw[i + 1]!);
  const method = incoming.method ?? "GET";
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers, signal });
  const init: RequestInit & { duplex: "half" } = { method, headers, signal, body: bodyOf(incoming), duplex: "half" };
  return new Request(url, init);
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let reading = true;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const finish = (error?: Error) => {
          if (!reading) return;
          reading = false;
          if (error === undefined) controller.close();
          else controller.error(error);
        };
        incoming.on("data", (chunk: Uint8Array) => {
          if (!reading) return;
          incoming.pause();
          controller.enqueue(chunk);
        });
        incoming.once("end", () => finish());
        incoming.once("error", finish);
        incoming.once("close", () => finish(new Error("the client left before its request was whole")));
        incoming.pause();
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        reading = false;
      },
    },
    { highWaterMark: 0 },
  );
}

async function send(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = response.body;
  if (outgoing.destroyed) {
    await body?.cancel();
    return;
  }
  if (response.type === "error") {
    outgoing.destroy();
    return;
  }
  const headers: string[] = [];
  for (const [name, value] of response.headers) headers.push(name, value);
  if (!incoming.complete) outgoing.once("finish", () => readAway(incoming));
  outgoing.writeHead(response.status, headers);
  if (body === null) {
    outgoing.end();
    return;
  }
  const reader = body.getReader();
  outgoing.once("close", () => void reader.cancel().catch(() => {}));
  // A body that is late must not hold the headers back; one that is there shares a packet with them.
  soon(() => {
    if (!outgoing.destroyed && !outgoing.writableEnded) outgoing.flushHeaders();
  });
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (!outgoing.write(piece.value)) await drained(outgoing);
    }
    outgoing.end();
  } catch {
    // What was written still goes out, but not the mark of the end.
    outgoing.socket?.destroySoon();
  }
}

/** Calls back in this turn of the event loop. */
function soon(callback: () => void): void {
  const { setImmediate = setTimeout } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  setImmediate(callback);
}

/** Resolves when more may be written, or nothing more can be. */
function drained(outgoing: ServerResponse): Promise<void> {
  if (outgoing.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
  });
}

const READ_AWAY_MS = 1000;

/**
 * Reads, for a while, what a client still sends of a body that nobody wants: closing a socket with unread bytes resets it,
 * and the answer would be lost on its way.
 */
function readAway(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.socket.destroy(), READ_AWAY_MS);
  incoming.once("close", () => clearTimeout(timer));
  incoming.removeAllListeners("data").resume();
}
