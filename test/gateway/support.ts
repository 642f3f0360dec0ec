import { afterEach } from "vitest";
import { createUpstream } from "../../src/cli/upstream.js";
import { createGateway, type Gateway, type GatewayOptions, type RequestRecord } from "../../src/gateway/index.js";
import { type Listener, listen, listenHttp } from "../../src/protocol/index.js";
import { Router, type RouterOptions } from "../../src/routing/index.js";

type Handler = (request: Request) => Response | Promise<Response>;

/** How gateways that are started here serve and send: by the web's objects, or by Node's and undici, as `warmroute serve` does. */
export const transport: { kind: "web" | "node" } = { kind: "web" };

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Serves a handler on a port of its own until the test ends; returns its address. */
export async function serve(handler: Handler): Promise<string> {
  const listener: Listener = await listen(async (request) => handler(request), { host: "127.0.0.1", port: 0 });
  stops.push(async () => {
    listener.destroy();
    await listener.close();
  });
  return listener.url;
}

export interface Mortal {
  readonly url: string;
  /** Cuts all connections and listens no more. */
  kill(): Promise<void>;
  /** Listens again at the same address. */
  revive(): Promise<void>;
}

/** As `serve`, of a server that can be killed and started again. */
export async function serveMortal(handler: Handler): Promise<Mortal> {
  let listener = await listen(async (request) => handler(request), { host: "127.0.0.1", port: 0 });
  const { url } = listener;
  let alive = true;
  const kill = async (): Promise<void> => {
    if (!alive) return;
    alive = false;
    listener.destroy();
    await listener.close();
  };
  stops.push(kill);
  return {
    url,
    kill,
    async revive() {
      listener = await listen(async (request) => handler(request), {
        host: "127.0.0.1",
        port: Number(new URL(url).port),
      });
      alive = true;
    },
  };
}

/** Ports that are nobody's, and that `fetch` does not refuse. One that was free a moment ago may be another test's by now. */
const DEAD_PORTS = [2, 3, 4, 5, 6, 8];
let dead = 0;

/** An address at which nobody listens. */
export function deadAddress(): string {
  return `http://127.0.0.1:${DEAD_PORTS[dead++ % DEAD_PORTS.length]}`;
}

export interface RunningGateway {
  readonly url: string;
  readonly gateway: Gateway;
  readonly router: Router;
  /** One for each request that has ended. */
  readonly records: readonly RequestRecord[];
  /** Resolves when that many requests have ended. */
  ended(count: number): Promise<readonly RequestRecord[]>;
}

/** A gateway on a port of its own in front of the replicas, named a, b, c … in their order. */
export async function startGateway(
  replicas: readonly string[],
  options: Partial<GatewayOptions> = {},
  routing: Partial<RouterOptions> & { maxOngoingRequests?: number } = {},
): Promise<RunningGateway> {
  const { maxOngoingRequests, ...rest } = routing;
  const router = new Router({
    policy: "prefix_aware",
    replicas: replicas.map((url, i) => ({
      id: String.fromCharCode(97 + i),
      url,
      ...(maxOngoingRequests !== undefined && { maxOngoingRequests }),
    })),
    ...rest,
  });
  const records: RequestRecord[] = [];
  const waiting = new Set<() => void>();
  const gateway = createGateway({
    router,
    onRequestEnd(record) {
      records.push(record);
      for (const check of waiting) check();
    },
    ...(transport.kind === "node" && options.upstreamFetch === undefined && { upstream: nodeUpstream() }),
    ...options,
  });
  const url = await serveGateway(gateway);
  stops.push(async () => {
    gateway.close();
    router[Symbol.dispose]();
  });
  return {
    url,
    gateway,
    router,
    records,
    ended: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (records.length < count) return;
          waiting.delete(check);
          resolve(records);
        };
        waiting.add(check);
        check();
      }),
  };
}

function nodeUpstream(): ReturnType<typeof createUpstream> {
  const upstream = createUpstream();
  stops.push(() => upstream.close());
  return upstream;
}

async function serveGateway(gateway: Gateway): Promise<string> {
  if (transport.kind === "web") return serve((request) => gateway.fetch(request));
  const listener = await listenHttp((request) => gateway.handle(request), { host: "127.0.0.1", port: 0 });
  stops.push(async () => {
    listener.destroy();
    await listener.close();
  });
  return listener.url;
}

/** Posts a body to a gateway: an object as JSON, a string as it is. */
export function post(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
}

/** A promise to be settled from outside. */
export function resolvers<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The value that a count comes to rest at: the same in 20 readings, each at least one turn of the event loop later. */
export async function settled(read: () => number | Promise<number>): Promise<number> {
  let last = await read();
  for (let same = 0; same < 20; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const next = await read();
    same = next === last ? same + 1 : 0;
    last = next;
  }
  return last;
}

/** Resolves once the condition holds, asked at each turn of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** For a gateway and its router. */
export interface ManualTime {
  readonly options: Pick<GatewayOptions, "clock" | "timers">;
  advance(ms: number): void;
}

/** Time that goes only when it is told to. */
export function manualTime(): ManualTime {
  let nowMs = 0;
  let handles = 0;
  const waiting = new Map<unknown, { readonly atMs: number; readonly callback: () => void }>();
  const clock = (): number => nowMs / 1000;
  const timers = {
    setTimeout(callback: () => void, ms: number): unknown {
      waiting.set(++handles, { atMs: nowMs + ms, callback });
      return handles;
    },
    clearTimeout: (handle: unknown): void => void waiting.delete(handle),
  };
  return {
    options: { clock, timers },
    /** Calls back, in their order, all whose time comes. */
    advance(ms: number): void {
      const untilMs = nowMs + ms;
      for (;;) {
        const due = [...waiting].filter(([, { atMs }]) => atMs <= untilMs).sort(([, a], [, b]) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        waiting.delete(due[0]);
        nowMs = due[1].atMs;
        due[1].callback();
      }
      nowMs = untilMs;
    },
  };
}

export async function sha256(secret: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The value of a series, by its whole name with labels; undefined when there is none. */
export async function metric(url: string, series: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
