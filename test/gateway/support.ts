import { afterEach } from "vitest";
import { type Listener, listen } from "../../src/cli/listen.js";
import { createGateway, type Gateway, type GatewayOptions, type RequestRecord } from "../../src/gateway/index.js";
import { Router, type RouterOptions } from "../../src/routing/index.js";

type Handler = (request: Request) => Response | Promise<Response>;

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

/** An address at which nobody listens. */
export async function deadAddress(): Promise<string> {
  const listener = await listen(async () => new Response(), { host: "127.0.0.1", port: 0 });
  await listener.close();
  return listener.url;
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
    ...options,
  });
  const url = await serve((request) => gateway.fetch(request));
  stops.push(async () => router[Symbol.dispose]());
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
