import { Random } from "../random/index.js";
import type { Router, Timers } from "../routing/index.js";
import type { RequestRecord } from "./exchange.js";
import { checkBoolean, checkFields, checkFunction, checkNumber, type NumberRule, shown } from "./option-checks.js";
import type { Tracing } from "./tracing.js";
import { fetchUpstream, type Upstream } from "./upstream.js";

/** What a gateway is made of. Exactly one of `router` and `models` is given. */
export interface GatewayOptions {
  /** Any model goes to it; where its replicas name models, to those that serve it. It stays the caller's, to be disposed by them. */
  router?: Router;
  /** The request's `model` picks the router; one that is not named is answered 404. They stay the caller's. */
  models?: Readonly<Record<string, Router>>;
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
  /** Whether `GET /admin/tree?text=true` may show what is in the tree: prompts. Default: false. */
  adminTreeText?: boolean;
  /** Seconds, for all that is measured and awaited. Default: the runtime's monotonic clock. */
  clock?: () => number;
  /** Calls back later. Default: the runtime's. */
  timers?: Timers;
  /** From 0 up to, not including, 1: the jitter of waits. Default: a generator with a fixed seed. */
  random?: () => number;
}

/** In milliseconds. */
export interface TimeoutOptions {
  /** Until a connection stands; for transports that can tell (`fetch` cannot). Default: 5,000. */
  connectMs?: number;
  /** From sending the request to the first byte of the answer's body. Default: 120,000. */
  firstByteMs?: number;
  /** Between two pieces of an answer, while the client is ready to take one. Default: 60,000. */
  idleMs?: number;
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
  timeouts: { connectMs: 5_000, firstByteMs: 120_000, idleMs: 60_000, queueMs: 30_000 },
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

/** The options with their defaults, all of them checked. */
export interface Settings {
  /** By model; one router for all has the name "". */
  readonly routers: ReadonlyMap<string, Router>;
  readonly upstream: Upstream;
  readonly onRequestEnd: (record: RequestRecord) => void;
  readonly tracing: Tracing | null;
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly replicaHeader: boolean;
  readonly forwardAuthorization: boolean;
  readonly adminTreeText: boolean;
  readonly timeouts: Required<TimeoutOptions>;
  readonly retries: Required<RetryOptions>;
  readonly breaker: Required<BreakerOptions> | null;
  readonly health: Required<HealthOptions> | null;
  readonly load: Required<LoadOptions> | null;
  readonly coldCache: Required<ColdCacheOptions> | null;
  readonly keys: readonly KeyOptions[] | null;
  readonly adminTokenSha256: string | null;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly random: () => number;
}

/** @throws TypeError or RangeError that names the option, its value and what is accepted. */
export function readOptions(options: GatewayOptions): Settings {
  checkFields("options", options, NAMES);
  const {
    onRequestEnd = () => {},
    maxBodyBytes,
    maxHeaderBytes,
    replicaHeader,
    forwardAuthorization,
    adminTreeText,
  } = { ...GATEWAY_DEFAULTS, ...defined(options) } as GatewayOptions & GatewayDefaults;
  const { clock = () => performance.now() / 1000, timers = REAL_TIMERS, adminTokenSha256, keys } = options;
  const { random = seeded(), tracing = null } = options;
  for (const [name, value] of Object.entries({ onRequestEnd, clock, random })) {
    checkFunction(name, value);
  }
  if (typeof timers?.setTimeout !== "function" || typeof timers.clearTimeout !== "function") {
    throw new TypeError(`timers must be { setTimeout, clearTimeout }, not ${shown(timers)}`);
  }
  if (tracing !== null && typeof tracing.begin !== "function") {
    throw new TypeError(`tracing must be what openTelemetry(api) returns, not ${shown(tracing)}`);
  }
  for (const [name, value] of Object.entries({ replicaHeader, forwardAuthorization, adminTreeText })) {
    checkBoolean(name, value);
  }
  checkNumber("maxBodyBytes", maxBodyBytes, BYTES);
  checkNumber("maxHeaderBytes", maxHeaderBytes, BYTES);
  const retries = group("retries", options.retries, RETRY_RULES, ["statuses"]);
  checkStatuses(retries.statuses);
  if (adminTokenSha256 !== undefined) checkSha256("adminTokenSha256", adminTokenSha256);
  if (keys !== undefined) checkKeys(keys);
  return {
    routers: routersOf(options),
    upstream: upstreamOf(options),
    onRequestEnd,
    tracing,
    maxBodyBytes,
    maxHeaderBytes,
    replicaHeader,
    forwardAuthorization,
    adminTreeText,
    timeouts: group("timeouts", options.timeouts, TIMEOUT_RULES),
    retries,
    breaker: options.breaker === false ? null : group("breaker", options.breaker, BREAKER_RULES),
    health: optional("health", options.health, HEALTH_RULES),
    load: optional("load", options.load, LOAD_RULES),
    coldCache: options.coldCache === false ? null : group("coldCache", options.coldCache, COLD_RULES),
    keys: keys ?? null,
    adminTokenSha256: adminTokenSha256?.toLowerCase() ?? null,
    clock,
    timers,
    random,
  };
}

function upstreamOf({ upstreamFetch, upstream }: GatewayOptions): Upstream {
  if (upstream === undefined) {
    const send = upstreamFetch ?? ((input, init) => fetch(input, init));
    checkFunction("upstreamFetch", send);
    return fetchUpstream(send);
  }
  if (upstreamFetch !== undefined) throw new TypeError("upstreamFetch and upstream exclude each other");
  if (typeof upstream?.send !== "function" || typeof upstream.decodes !== "boolean") {
    throw new TypeError(`upstream must be { send, decodes }, not ${shown(upstream)}`);
  }
  return upstream;
}

/** @throws TypeError for an address that the gateway would not send to. It is shown without what may be a secret. */
export function checkReplicaUrl(id: string, url: string | undefined): void {
  const name = JSON.stringify(id);
  if (url === undefined) throw new TypeError(`replica ${name} needs a url to be reached at`);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new TypeError(
      `the url of replica ${name} must be an http or https address, not ${JSON.stringify(url.replace(/\/\/.*@/, "//…@"))}`,
    );
  }
  const { username, password, search, hash } = new URL(url);
  if (username !== "" || password !== "") {
    throw new TypeError(
      `the url of replica ${name} must have no user or password in it; give its headers: { authorization }`,
    );
  }
  if (search !== "" || hash !== "") {
    throw new TypeError(`the url of replica ${name} must have no query and no fragment`);
  }
}

const NAMES = [
  "router",
  "models",
  "upstreamFetch",
  "upstream",
  "onRequestEnd",
  "tracing",
  "maxBodyBytes",
  "maxHeaderBytes",
  "replicaHeader",
  "forwardAuthorization",
  "timeouts",
  "retries",
  "breaker",
  "health",
  "load",
  "coldCache",
  "keys",
  "adminTokenSha256",
  "adminTreeText",
  "clock",
  "timers",
  "random",
];
const KEY_NAMES = ["name", "sha256", "namespace", "trusted", "maxConcurrent", "requestsPerMinute"];

const REAL_TIMERS: Timers = {
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

/** The longest delay of a timer; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;
const BYTES: NumberRule = { least: 1, whole: true, unit: "bytes" };
const COUNT: NumberRule = { least: 1, whole: true };
const DELAY: NumberRule = { least: 1, most: LONGEST_DELAY_MS, unit: "milliseconds" };
const WAIT: NumberRule = { least: 0, most: LONGEST_DELAY_MS, unit: "milliseconds" };

type Rules = Readonly<Record<string, NumberRule | "path">>;

const TIMEOUT_RULES = { connectMs: DELAY, firstByteMs: DELAY, idleMs: DELAY, queueMs: WAIT } satisfies Rules;
const RETRY_RULES = {
  maxTries: COUNT,
  budget: { least: 0, most: 1 },
  backoffMs: WAIT,
  backoffMaxMs: WAIT,
  maxBufferBytes: { ...BYTES, least: 0 },
} satisfies Rules;
const BREAKER_RULES = { failures: COUNT, openMs: DELAY, halfOpenRequests: COUNT } satisfies Rules;
const HEALTH_RULES = {
  path: "path",
  intervalMs: DELAY,
  timeoutMs: DELAY,
  unhealthyAfter: COUNT,
  healthyAfter: COUNT,
} satisfies Rules;
const LOAD_RULES = { path: "path", intervalMs: DELAY, timeoutMs: DELAY } satisfies Rules;
const COLD_RULES = { predictedTokens: COUNT, times: COUNT } satisfies Rules;

type Group = "timeouts" | "retries" | "breaker" | "health" | "load" | "coldCache";
type GroupOptions<Name extends Group> = Required<Exclude<NonNullable<GatewayOptions[Name]>, false>>;

/** A group of options with its defaults. */
function group<Name extends Group>(
  name: Name,
  given: GatewayOptions[Name],
  rules: Rules,
  unruled: readonly string[] = [],
): GroupOptions<Name> {
  if (given !== undefined) checkFields(name, given, [...Object.keys(rules), ...unruled]);
  const values = { ...GATEWAY_DEFAULTS[name], ...defined((given ?? {}) as object) } as Record<string, unknown>;
  for (const [field, rule] of Object.entries(rules)) {
    if (rule === "path") checkPath(`${name}.${field}`, values[field]);
    else checkNumber(`${name}.${field}`, values[field], rule);
  }
  return values as unknown as GroupOptions<Name>;
}

/** A group that is off unless it is given. */
function optional<Name extends Group>(
  name: Name,
  given: GatewayOptions[Name],
  rules: Rules,
): GroupOptions<Name> | null {
  return given === undefined || given === false ? null : group(name, given, rules);
}

function defined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function seeded(): () => number {
  const random = new Random(0);
  return () => random.float();
}

function routersOf({ router, models }: GatewayOptions): Map<string, Router> {
  if ((router === undefined) === (models === undefined)) {
    throw new TypeError(
      `exactly one of router and models must be given, not ${router === undefined ? "none" : "both"}`,
    );
  }
  if (models === undefined) {
    checkRouter("router", router);
    return new Map([["", router!]]);
  }
  if (typeof models !== "object" || models === null) {
    throw new TypeError(`models must be an object of routers by model, not ${shown(models)}`);
  }
  const routers = new Map(Object.entries(models));
  if (routers.size === 0) throw new RangeError("models must name a model at least");
  for (const [model, each] of routers) {
    if (model === "") throw new RangeError('models must be named, and not ""');
    checkRouter(`models[${JSON.stringify(model)}]`, each);
  }
  if (new Set(routers.values()).size < routers.size)
    throw new RangeError("each of the models needs a router of its own");
  return routers;
}

function checkRouter(name: string, router: Router | undefined): void {
  if (typeof router?.acquire !== "function") throw new TypeError(`${name} must be a Router, not ${shown(router)}`);
  for (const replica of router.replicas) checkReplicaUrl(replica.id, replica.url);
}

function checkPath(name: string, path: unknown): void {
  if (typeof path === "string" && /^\/[^\s#]*$/.test(path)) return;
  throw new TypeError(`${name} must be a path that begins with a slash, not ${shown(path)}`);
}

function checkStatuses(statuses: unknown): void {
  if (!Array.isArray(statuses)) throw new TypeError(`retries.statuses must be an array, not ${shown(statuses)}`);
  for (const status of statuses) {
    checkNumber("a status in retries.statuses", status, { least: 400, most: 599, whole: true });
  }
}

function checkKeys(keys: readonly KeyOptions[]): void {
  if (!Array.isArray(keys)) throw new TypeError(`keys must be an array, not ${shown(keys)}`);
  const names = new Set<string>();
  keys.forEach((key: KeyOptions, i) => {
    const where = `keys[${i}]`;
    checkFields(where, key, KEY_NAMES);
    const { name, sha256, namespace, trusted, maxConcurrent, requestsPerMinute } = key;
    if (typeof name !== "string" || name === "") {
      throw new TypeError(`${where}.name must be a string, not empty, not ${shown(name)}`);
    }
    if (names.has(name))
      throw new RangeError(`${where}.name must be different from the others, not ${shown(name)} again`);
    names.add(name);
    checkSha256(`${where}.sha256`, sha256);
    if (namespace !== undefined) checkBoolean(`${where}.namespace`, namespace);
    if (trusted !== undefined) checkBoolean(`${where}.trusted`, trusted);
    if (maxConcurrent !== undefined) checkNumber(`${where}.maxConcurrent`, maxConcurrent, COUNT);
    if (requestsPerMinute !== undefined) checkNumber(`${where}.requestsPerMinute`, requestsPerMinute, COUNT);
  });
}

/** The value is not shown: it may be the key itself, given by mistake. */
function checkSha256(name: string, value: unknown): void {
  if (typeof value === "string" && /^[0-9a-f]{64}$/i.test(value)) return;
  const given = typeof value === "string" ? `a string of ${value.length} characters` : shown(value);
  throw new TypeError(`${name} must be the SHA-256 of the secret, 64 hexadecimal digits, not ${given}`);
}
