import type { Router, Timers } from "../routing/index.js";
import type { RequestRecord } from "./exchange.js";
import type { Tracing } from "./tracing.js";
import type { Upstream } from "./upstream.js";

/** What a gateway is made of. Exactly one of `router` and `models` is given. */
export interface GatewayOptions {
  /** Any model goes to it; where its replicas name models, to those that serve it. It stays the caller's, to be disposed by them. */
  router?: Router;
  /** The request's `model` picks the router; one that is not named is answered 404. Routers stay the caller's. */
  models?: Readonly<Record<string, Router | ModelOptions>>;
  /** Sends a request to a replica; the body that it answers with is decoded, as `fetch` does it. Default: the global `fetch`. */
  upstreamFetch?: typeof fetch;
  /** In place of `upstreamFetch`: a transport that does without the web's objects. */
  upstream?: Upstream;
  /** Called once for each request to an endpoint of replicas, when it has ended. */
  onRequestEnd?: (record: RequestRecord) => void;
  /** Hears of requests as they happen: `openTelemetry(api)`. Default: nothing does. */
  tracing?: Tracing;
  /** Bytes of the largest body that is accepted. Default: 8 MiB. */
  maxBodyBytes?: number;
  /** Bytes of all header names and values that are accepted. Default: 32 KiB. */
  maxHeaderBytes?: number;
  /**
   * Whether answers tell the decision in `x-warmroute-*`; where there are `keys`, only to trusted ones. Default: false, since it
   * tells who shares a cache.
   */
  replicaHeader?: boolean;
  /** Whether the client's `authorization`, `x-api-key` and `cookie` are passed to replicas. Default: false. */
  forwardAuthorization?: boolean;
  timeouts?: TimeoutOptions;
  retries?: RetryOptions;
  /** False: none. Default: on. */
  breaker?: false | BreakerOptions;
  /** Asks each replica whether it is well. Default: false. */
  health?: false | HealthOptions;
  /** Reads each replica's load for `Router.setLoad`. Default: false. */
  load?: false | LoadOptions;
  /** A replica whose reports contradict the prefix tree is taken to have lost its cache. False: never. Default: on. */
  coldCache?: false | ColdCacheOptions;
  /** Who may come in; absent: everybody. */
  keys?: readonly KeyOptions[];
  /** SHA-256 of the token for `/admin`, in hex; absent: there is no `/admin`. */
  adminTokenSha256?: string;
  /**
   * Proxies in front of the gateway, as addresses or networks (`10.0.0.0/8`): what they say in `X-Forwarded-For` counts as the client's
   * address (`RequestRecord.client`). Default: none is believed.
   */
  trustedProxies?: readonly string[];
  /** Whether `GET /admin/tree?text=true` may show what is in the tree: prompts. Default: false. */
  adminTreeText?: boolean;
  /** Seconds, for all that is measured and awaited. Default: the runtime's monotonic clock. */
  clock?: () => number;
  /** Calls back later. Default: the runtime's. */
  timers?: Timers;
  /** From 0 up to, not including, 1: the jitter of waits. Default: a generator with a fixed seed. */
  random?: () => number;
}

/** A model that has more than one name. */
export interface ModelOptions {
  router: Router;
  /**
   * Other names that clients may ask for it by. They share its texts in the tree, its limits and its metrics, and replicas are asked by
   * `servedName`. An adapter is no alias: it is another model. Default: none.
   */
  aliases?: readonly string[];
  /** The name that its replicas know it by: the `model` of a body that names another one is replaced, byte for byte. Default: its own name. */
  servedName?: string;
}

/** In milliseconds. */
export interface TimeoutOptions {
  /** Until a connection stands; for transports that can tell (`fetch` cannot). Default: 5,000. */
  connectMs?: number;
  /** From sending the request to the first byte of the answer's body. Default: 120,000. */
  firstByteMs?: number;
  /** Between two pieces of an answer, while the client is ready to take one. Default: 60,000. */
  idleMs?: number;
  /** Between two pieces of an answer, until the client takes the one that it was given. Default: 60,000. */
  sendMs?: number;
  /** In the queue, before a replica has room. Default: 30,000. */
  queueMs?: number;
}

/** When a request that failed before the first byte of its answer is sent to another replica. */
export interface RetryOptions {
  /** How many replicas a request is sent to at most, each once. Default: 3. */
  maxTries?: number;
  /** Share of requests that may be retries, beyond 100 at once when there were none for a while. Default: 0.2. */
  budget?: number;
  /** Before the second retry a random wait of up to so much, before each later one of up to twice the last. Default: 25. */
  backoffMs?: number;
  /** The longest such wait. Default: 500. */
  backoffMaxMs?: number;
  /** Answers that another replica may do better. Default: 408, 429, 500, 502, 503, 504. */
  statuses?: readonly number[];
  /** A larger body is sent once and let go. Default: 8 MiB. */
  maxBufferBytes?: number;
}

/** When a replica that fails is left alone. */
export interface BreakerOptions {
  /** Failures in a row that open it. Default: 5. */
  failures?: number;
  /** Milliseconds that it stays open. Default: 10,000. */
  openMs?: number;
  /** Requests that try the replica at a time when it is half open; the first success closes it. Default: 1. */
  halfOpenRequests?: number;
}

/** How replicas are asked whether they are well. */
export interface HealthOptions {
  /** Default: `/health`. Healthy is a status from 200 to 299. */
  path?: string;
  /** Default: 5,000. */
  intervalMs?: number;
  /** Default: 2,000. */
  timeoutMs?: number;
  /** Failures in a row that make a replica unhealthy. Default: 3. */
  unhealthyAfter?: number;
  /** Successes in a row that make it healthy again. Default: 2. */
  healthyAfter?: number;
}

/** How replicas are asked for their load, by the names of vLLM, SGLang and TensorRT-LLM. */
export interface LoadOptions {
  /** Default: `/metrics`. */
  path?: string;
  /** Default: 1,000. */
  intervalMs?: number;
  /** Default: 1,000. */
  timeoutMs?: number;
}

/** Predicted to have at least so many tokens in its cache and reporting none, so often in a row: its texts are forgotten. */
export interface ColdCacheOptions {
  /** Tokens, by the answer's own ratio of tokens to characters. Default: 512. */
  predictedTokens?: number;
  /** Default: 3. */
  times?: number;
}

/** A client's key. */
export interface KeyOptions {
  /** For metrics, logs and messages. */
  name: string;
  /** SHA-256 of the key, in hex. */
  sha256: string;
  /** Whether its texts match only its own. Default: false. */
  namespace?: boolean;
  /** Whether it may see decisions (`replicaHeader`). Default: false. */
  trusted?: boolean;
  /** The most requests at a time. Default: no limit. */
  maxConcurrent?: number;
  /** The most requests a minute, all of which may come at once. Default: no limit. */
  requestsPerMinute?: number;
}

/** What `createGateway` takes where nothing is given; `health` and `load` once they are on. */
export const GATEWAY_DEFAULTS: GatewayDefaults = {
  maxBodyBytes: 8 * 1024 * 1024,
  maxHeaderBytes: 32 * 1024,
  replicaHeader: false,
  forwardAuthorization: false,
  adminTreeText: false,
  timeouts: { connectMs: 5_000, firstByteMs: 120_000, idleMs: 60_000, sendMs: 60_000, queueMs: 30_000 },
  retries: {
    maxTries: 3,
    budget: 0.2,
    backoffMs: 25,
    backoffMaxMs: 500,
    statuses: [408, 429, 500, 502, 503, 504],
    maxBufferBytes: 8 * 1024 * 1024,
  },
  breaker: { failures: 5, openMs: 10_000, halfOpenRequests: 1 },
  health: { path: "/health", intervalMs: 5_000, timeoutMs: 2_000, unhealthyAfter: 3, healthyAfter: 2 },
  load: { path: "/metrics", intervalMs: 1_000, timeoutMs: 1_000 },
  coldCache: { predictedTokens: 512, times: 3 },
};

/** The values of `GATEWAY_DEFAULTS`. */
export interface GatewayDefaults {
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly replicaHeader: boolean;
  readonly forwardAuthorization: boolean;
  readonly adminTreeText: boolean;
  readonly timeouts: Readonly<Required<TimeoutOptions>>;
  readonly retries: Readonly<Required<RetryOptions>>;
  readonly breaker: Readonly<Required<BreakerOptions>>;
  readonly health: Readonly<Required<HealthOptions>>;
  readonly load: Readonly<Required<LoadOptions>>;
  readonly coldCache: Readonly<Required<ColdCacheOptions>>;
}
