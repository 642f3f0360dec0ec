import type { Upstream, UpstreamRequest } from "../gateway/index.js";
import { HeaderList, type HttpAnswer } from "../protocol/index.js";
import { Agent, buildConnector, type Dispatcher } from "./undici.js";
import { UpstreamPieces } from "./upstream-pieces.js";

/** How replicas are connected to. */
export interface UpstreamOptions {
  /** Milliseconds until a connection stands, TLS included. Default: 5,000. */
  connectMs?: number;
  /** Milliseconds that an idle connection is kept, unless the replica says less. Default: 60,000. */
  keepAliveMs?: number;
  /** The most connections to one replica; requests beyond wait for one. Default: no limit. */
  connections?: number;
  /** For https: whom to trust, and what to prove oneself with (mTLS). PEM texts. Default: the system's authorities, no certificate. */
  tls?: UpstreamTls;
}

export interface UpstreamTls {
  /** Certificates of authorities. */
  ca?: string | readonly string[];
  cert?: string;
  key?: string;
  passphrase?: string;
  /** Name that the replica's certificate must have, where it is not that of its address. */
  servername?: string;
  /** Default: true. False trusts anybody. */
  rejectUnauthorized?: boolean;
}

/** For `GatewayOptions.upstream`, with connections of its own. */
export interface NodeUpstream extends Upstream {
  /** Closes idle connections, and the others as their answers end. */
  close(): Promise<void>;
}

/**
 * Node's transport for a gateway: connections are kept and shared, a connection that does not come about in time is an error, and
 * the gateway's own limits are the only ones on answers. It follows no redirect, keeps no cookie, and passes bodies on as they come,
 * encoded ones encoded.
 */
export function createUpstream(options: UpstreamOptions = {}): NodeUpstream {
  const { connectMs = 5_000, keepAliveMs = 60_000, connections, tls } = options;
  const agent = new Agent({
    connect: telling(buildConnector({ timeout: connectMs, ...tls, ca: tls?.ca && [tls.ca].flat() })),
    keepAliveTimeout: keepAliveMs,
    // The first byte and the silences of an answer are the gateway's to limit.
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(connections !== undefined && { connections }),
  });
  return { decodes: false, send: (url, request) => send(agent, url, request), close: () => agent.close() };
}

/** Connections whose errors tell what undici's own do: how much has come by them. */
function telling(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      const [, socket] = result;
      socket?.on("error", (error: ConnectionError) => {
        error.socket ??= { bytesRead: socket.bytesRead };
      });
      callback(...result);
    });
}

interface ConnectionError extends Error {
  socket?: { readonly bytesRead?: number };
}

/**
 * A replica may close a connection that is kept at the moment at which it is used again. That is known within a round trip; one
 * that breaks later has begun to work on the request.
 */
const STALE_MS = 1000;

/** Whether it is a connection's that has brought answers before. */
function isStale(error: ConnectionError): boolean {
  return (error.socket?.bytesRead ?? 0) > 0;
}

/** Not 205, whose body has to be taken off the connection if it has one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

function send(agent: Agent, url: string, { method, headers, body, signal }: UpstreamRequest): Promise<HttpAnswer> {
  const { origin, path } = partsOf(url);
  const flat: string[] = [];
  for (const [name, value] of headers) flat.push(name, value);
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const pieces = new UpstreamPieces();
    const onAbort = (): void => pieces.abort(signal.reason);
    let answered = false;
    let again = false;
    const fail = (error: unknown): void => {
      signal.removeEventListener("abort", onAbort);
      if (answered) pieces.fail(error);
      else reject(error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    /** When it was first sent; null once it must not be sent again. */
    let sentMs: number | null = null;
    const asked = { origin, path, method, headers: flat, body };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        sentMs = again ? null : performance.now();
        pieces.begin(controller);
      },
      onResponseStart(_controller, status, received, statusText = "") {
        sentMs = null;
        // Something before the answer, as 103 is.
        if (status < 200) return;
        answered = true;
        const fields: [string, string][] = [];
        for (const name in received) {
          const value = received[name];
          if (typeof value === "string") fields.push([name, value]);
          else if (name === "set-cookie") for (const each of value ?? []) fields.push([name, each]);
          else fields.push([name, value!.join(", ")]);
        }
        const bodiless = WITHOUT_BODY.has(status);
        resolve({
          status,
          statusText,
          headers: new HeaderList(fields),
          body: bodiless ? null : { getReader: () => pieces },
        });
      },
      onResponseData(_controller, piece) {
        pieces.push(piece);
      },
      onResponseEnd() {
        signal.removeEventListener("abort", onAbort);
        pieces.end();
      },
      onResponseError(_controller, error) {
        if (sentMs !== null && !signal.aborted && isStale(error) && performance.now() - sentMs < STALE_MS) {
          again = true;
          agent.dispatch(asked, handler);
        } else fail(signal.aborted ? signal.reason : error);
      },
    };
    agent.dispatch(asked, handler);
  });
}

const PLAIN = /^(https?:\/\/[\w.:-]+)(\/[\w./-]*)$/;

function partsOf(url: string): { origin: string; path: string } {
  const plain = PLAIN.exec(url);
  if (plain !== null) return { origin: plain[1]!, path: plain[2]! };
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search };
}
