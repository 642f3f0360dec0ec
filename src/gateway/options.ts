import type { Router } from "../routing/index.js";
import type { RequestRecord } from "./exchange.js";

/** What a gateway is made of. */
export interface GatewayOptions {
  /** Chooses the replicas; each of them needs a `url`. It stays the caller's, to be disposed by them. */
  router: Router;
  /** Sends a request to a replica; the body that it answers with is decoded, as `fetch` does it. Default: the global `fetch`. */
  upstreamFetch?: typeof fetch;
  /** Whether answers name their replica in `x-warmroute-replica`. Default: false, since it tells who shares a cache. */
  replicaHeader?: boolean;
  /** Bytes of the largest body that is accepted. Default: 8 MiB. */
  maxBodyBytes?: number;
  /** How many replicas a request is sent to at most, each once, when they refuse it or cannot be reached. Default: 3. */
  maxTries?: number;
  /** Called once for each request but those for `/health`, `/metrics` and `/v1/models`, when it has ended. */
  onRequestEnd?: (record: RequestRecord) => void;
}

export type Settings = Required<GatewayOptions>;

/** The options with their defaults, all of them checked. */
export function readOptions(options: GatewayOptions): Settings {
  if (typeof options !== "object" || options === null) throw new TypeError(`options must be an object, not ${options}`);
  const {
    router,
    upstreamFetch = (input, init) => fetch(input, init),
    replicaHeader = false,
    maxBodyBytes = 8 * 1024 * 1024,
    maxTries = 3,
    onRequestEnd = () => {},
  } = options;
  if (typeof router?.route !== "function") throw new TypeError("router must be a Router");
  for (const replica of router.replicas) {
    if (replica.url === undefined)
      throw new TypeError(`replica ${JSON.stringify(replica.id)} needs a url to be reached at`);
    if (!/^https?:\/\//i.test(replica.url) || !URL.canParse(replica.url)) {
      throw new TypeError(
        `the url of replica ${JSON.stringify(replica.id)} must be an http or https address, not ${JSON.stringify(replica.url)}`,
      );
    }
  }
  checkFunction("upstreamFetch", upstreamFetch);
  checkFunction("onRequestEnd", onRequestEnd);
  if (typeof replicaHeader !== "boolean")
    throw new TypeError(`replicaHeader must be true or false, not ${replicaHeader}`);
  checkPositiveInteger("maxBodyBytes", maxBodyBytes);
  checkPositiveInteger("maxTries", maxTries);
  return { router, upstreamFetch, replicaHeader, maxBodyBytes, maxTries, onRequestEnd };
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, not ${String(value)}`);
}

function checkPositiveInteger(name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${name} must be a whole number, not ${String(value)}`);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} must be a whole number, 1 or more, not ${value}`);
  }
}
