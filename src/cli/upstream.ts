import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Agent, type Dispatcher, request } from "./undici.js";

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

/** A `fetch` for `GatewayOptions.upstreamFetch`, with connections of its own. */
export interface Upstream {
  readonly fetch: typeof fetch;
  /** Closes idle connections, and the others as their answers end. */
  close(): Promise<void>;
}

/**
 * Node's transport for a gateway: connections are kept and shared, a connection that does not come about in time is an error, and
 * the gateway's own limits are the only ones on answers. It follows no redirect and keeps no cookie. Of a `fetch` it takes what a gateway
 * gives: an address, a method, headers, bytes and a signal.
 */
export function createUpstream(options: UpstreamOptions = {}): Upstream {
  const { connectMs = 5_000, keepAliveMs = 60_000, connections, tls } = options;
  const agent = new Agent({
    connect: { timeout: connectMs, ...tls, ...(tls?.ca !== undefined && { ca: [tls.ca].flat() }) },
    keepAliveTimeout: keepAliveMs,
    // The first byte and the silences of an answer are the gateway's to limit.
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(connections !== undefined && { connections }),
  });
  return {
    fetch: (input, init) => send(agent, String(input as string | URL), init ?? {}),
    close: () => agent.close(),
  };
}

async function send(agent: Dispatcher, address: string, init: RequestInit): Promise<Response> {
  const { statusCode, headers, body } = await request(address, {
    dispatcher: agent,
    method: (init.method ?? "GET") as Dispatcher.HttpMethod,
    headers: [...new Headers(init.headers)].flat(),
    body: (init.body ?? null) as Uint8Array | null,
    signal: init.signal ?? null,
  });
  if (statusCode < 200 || statusCode > 599) {
    body.on("error", () => {}).destroy();
    throw Object.assign(new TypeError(`status ${statusCode} is none of an answer`), {
      code: "UND_ERR_RESPONSE_STATUS_CODE",
    });
  }
  const received = new Headers();
  for (const name in headers) {
    for (const value of [headers[name] ?? []].flat()) received.append(name, value);
  }
  const head = { status: statusCode, headers: received };
  if (WITHOUT_BODY.has(statusCode) || init.method === "HEAD") {
    body.on("error", () => {}).resume();
    return new Response(null, head);
  }
  return new Response(streamOf(decoded(body, received.get("content-encoding"))), head);
}

const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** As `fetch` does it: all of the codings, or none. */
function decoded(body: Readable, encoding: string | null): Readable {
  const codings =
    encoding
      ?.toLowerCase()
      .split(",")
      .map((coding) => coding.trim()) ?? [];
  if (!codings.every((coding) => Object.hasOwn(DECODERS, coding))) return body;
  return codings.reduceRight<Readable>((source, coding) => {
    const decoder = DECODERS[coding]!();
    source.on("error", (error) => decoder.destroy(error)).pipe(decoder);
    decoder.on("close", () => source.destroy());
    return decoder;
  }, body);
}

/** Its pieces as they come, read only as fast as they are taken. */
function streamOf(body: Readable): ReadableStream<Uint8Array> {
  let over = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body.on("data", (piece: Uint8Array) => {
          if (over) return;
          body.pause();
          controller.enqueue(piece);
        });
        body.once("end", () => {
          if (!over) controller.close();
          over = true;
        });
        body.on("error", (error) => {
          if (!over) controller.error(error);
          over = true;
        });
        body.pause();
      },
      pull() {
        body.resume();
      },
      cancel() {
        over = true;
        body.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
