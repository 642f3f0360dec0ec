import { type HeaderFields, type HttpAnswer, type HttpBody, type HttpRequest, Stop } from "../http.js";
import type { Piece, PieceSource } from "../relay.js";
import { webRequest } from "../web.js";
import type { Connections } from "./connections.js";
import { IncomingPieces } from "./incoming-pieces.js";
import type { IncomingMessage, RequestListener, ServerResponse, Socket } from "./node-types.js";

export type FetchHandler = (request: Request) => Promise<Response>;

/** Answers without the web's objects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer>;

/** As `requestListener`, for a handler of the web's objects. */
export function fetchListener(handler: FetchHandler, connections?: Connections): RequestListener {
  // A Request that nobody holds may be collected, and its signal then never fires: Node keeps the link to it weakly.
  const open = new Set<Request>();
  return requestListener(async (request) => {
    let web: Request;
    try {
      web = webRequest(request);
    } catch {
      return new Response(null, { status: 400, headers: { connection: "close" } });
    }
    open.add(web);
    (request as NodeRequest).onClose = () => void open.delete(web);
    return handler(web);
  }, connections);
}

/**
 * A listener for `node:http`. Bodies pass both ways as they come, read only as fast as the other side takes them. A client that leaves
 * aborts the request's signal and cancels the answer's body; a body that errors cuts the connection, so that the client cannot take
 * it for whole; `Response.error()` closes it without an answer.
 * @param connections is told of each request's beginning and end.
 */
export function requestListener(handler: HttpHandler, connections?: Connections): RequestListener {
  return (incoming, outgoing) => {
    const { socket } = incoming;
    connections?.begun(socket, outgoing);
    const request = NodeRequest.of(incoming);
    if (request === null) {
      outgoing.on("close", () => connections?.ended(socket));
      outgoing.writeHead(400, { connection: "close" }).end();
      return;
    }
    outgoing.on("close", () => {
      connections?.ended(socket);
      request.closed(outgoing.writableFinished);
    });
    if (outgoing.socket === null) closeWith(socket, outgoing);
    void answer(handler, request, incoming, outgoing);
  };
}

async function answer(
  handler: HttpHandler,
  request: NodeRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const sending = send(await handler(request), request, incoming, outgoing);
    if (sending !== null) await sending;
  } catch (error) {
    console.error(error);
    // What was begun must not look whole.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500, { connection: "close" }).end();
  }
}

/**
 * An answer that waits for those before it on its connection (pipelining) has no socket yet, and Node does not tell it when the
 * connection closes.
 */
function closeWith(socket: Socket, outgoing: ServerResponse): void {
  const onClose = (): void => {
    if (outgoing.socket !== null) return;
    outgoing.destroy();
    outgoing.emit("close");
  };
  // As many wait as the client has sent.
  socket.setMaxListeners(0);
  socket.on("close", onClose);
  outgoing.on("close", () => socket.off("close", onClose));
}

const HOST = /^[\w.:[\]-]+$/;
/** The last that was found to be one: nearly all requests name the same. */
let knownHost = "localhost";

function isHost(host: string): boolean {
  if (host === knownHost) return true;
  if (!HOST.test(host) || !URL.canParse(`http://${host}`)) return false;
  knownHost = host;
  return true;
}

class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderFields;
  readonly signal: Stop = new Stop();
  readonly body: HttpBody | null;
  readonly #socket: Socket;
  onClose: () => void = () => {};
  /** The answer's body. */
  answer: PieceSource | null = null;
  /** Something of it is written, or it has ended. */
  begun = false;

  /** Null for one whose host is none: one with a slash or a question mark would become a part of the path. */
  static of(incoming: IncomingMessage): NodeRequest | null {
    const target = incoming.url ?? "/";
    const host = incoming.headers.host ?? "localhost";
    if (!isHost(host)) return null;
    const url = target.startsWith("/") ? `http://${host}${target}` : target;
    return target.startsWith("/") || URL.canParse(url) ? new NodeRequest(incoming, url) : null;
  }

  private constructor(incoming: IncomingMessage, url: string) {
    this.#socket = incoming.socket;
    this.method = incoming.method ?? "GET";
    this.url = url;
    this.headers = new NodeHeaders(incoming);
    const bodiless = this.method === "GET" || this.method === "HEAD";
    this.body = bodiless ? null : { getReader: () => new IncomingPieces(incoming) };
  }

  /** The connection has closed, or the answer is written. */
  closed(finished: boolean): void {
    this.onClose();
    if (!finished) this.signal.abort(new DOMException("the client left", "AbortError"));
    if (this.answer !== null && this.answer.ended !== true) void this.answer.cancel().catch(() => {});
  }

  get client(): string | undefined {
    return this.#socket.remoteAddress;
  }
}

class NodeHeaders implements HeaderFields {
  readonly #incoming: IncomingMessage;
  /** A list, since an array is iterated several times as fast as a generator, and headers are read more than once. */
  #list: [string, string][] | null = null;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  get(name: string): string | null {
    const value = this.#incoming.headers[name];
    return value === undefined ? null : joined(value);
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    if (this.#list === null) {
      this.#list = [];
      const { headers } = this.#incoming;
      for (const name in headers) this.#list.push([name, joined(headers[name]!)]);
    }
    return this.#list[Symbol.iterator]();
  }
}

function joined(value: string | readonly string[]): string {
  return typeof value === "string" ? value : value.join(", ");
}

/** @returns null once the answer is written, or there is nobody to write it to. */
function send(
  answer: HttpAnswer,
  request: NodeRequest,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> | null {
  const reader = answer.body?.getReader();
  if (outgoing.destroyed) return reader?.cancel() ?? null;
  if (answer instanceof Response && answer.type === "error") {
    outgoing.destroy();
    return null;
  }
  const headers: string[] = [];
  for (const [name, value] of answer.headers) headers.push(name, value);
  if (!incoming.complete) outgoing.once("finish", () => readAway(incoming));
  // Before anything that may throw, as a header does that Node refuses: whatever becomes of it, it is let go.
  if (reader !== undefined) {
    request.answer = reader;
    // A client that takes nothing is not told of it: what it has not taken yet would come first.
    reader.onFailed = () => outgoing.destroy();
  }
  outgoing.writeHead(answer.status, headers);
  if (reader === undefined) {
    outgoing.end();
    return null;
  }
  const first = reader.takeReady?.() ?? null;
  if (first !== null && (first.done || reader.ended === true)) {
    outgoing.end(first.value);
    return null;
  }
  if (first === null) flushSoon(outgoing, request);
  return pass(reader, first, request, outgoing);
}

async function pass(
  reader: PieceSource,
  first: Piece | null,
  request: NodeRequest,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    for (let piece = first; ; piece = null) {
      piece ??= reader.takeReady?.() ?? (await reader.read());
      request.begun = true;
      if (piece.done || reader.ended === true) {
        outgoing.end(piece.value);
        return;
      }
      if (!outgoing.write(piece.value)) await drained(outgoing);
    }
  } catch {
    // What was written still goes out, but not the mark of the end.
    outgoing.socket?.destroySoon();
  }
}

/** Answers of this turn of the event loop whose head is written. */
let heads: { readonly outgoing: ServerResponse; readonly request: NodeRequest }[] = [];

/** A body that is late must not hold its head back; one that is there in this turn shares a packet with it. */
function flushSoon(outgoing: ServerResponse, request: NodeRequest): void {
  if (heads.push({ outgoing, request }) === 1) soon(flush);
}

function flush(): void {
  const written = heads;
  heads = [];
  for (const { outgoing, request } of written) {
    if (!request.begun && !outgoing.destroyed && !outgoing.writableEnded) outgoing.flushHeaders();
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
  incoming.removeAllListeners("data").resume();
  // It may have ended before the answer went out: then its connection serves the next request.
  if (incoming.complete) return;
  const timer = setTimeout(() => incoming.complete || incoming.socket.destroy(), READ_AWAY_MS);
  incoming.once("close", () => clearTimeout(timer));
}
