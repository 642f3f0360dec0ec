import { isNetwork, Networks } from "../protocol/index.js";
import { Random } from "../random/index.js";
import type { Timers } from "../routing/index.js";
import type { RequestRecord } from "./exchange.js";
import { type ModelSettings, modelsOf } from "./model-options.js";
import { checkBoolean, checkFields, checkFunction, checkNumber, type NumberRule, shown } from "./option-checks.js";
import {
  type BreakerOptions,
  type ColdCacheOptions,
  GATEWAY_DEFAULTS,
  type GatewayDefaults,
  type GatewayOptions,
  type HealthOptions,
  type KeyOptions,
  type LoadOptions,
  type RetryOptions,
  type TimeoutOptions,
} from "./options.js";
import type { Tracing } from "./tracing.js";
import { fetchUpstream, type Upstream } from "./upstream.js";
import { WaitLimit } from "./wait.js";

/** The options with their defaults, all of them checked. */
export interface Settings {
  /** By their names; one router for all has the name "". */
  readonly models: ReadonlyMap<string, ModelSettings>;
  readonly upstream: Upstream;
  readonly onRequestEnd: (record: RequestRecord) => void;
  readonly tracing: Tracing | null;
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  readonly replicaHeader: boolean;
  readonly forwardAuthorization: boolean;
  readonly adminTreeText: boolean;
  readonly timeouts: Required<TimeoutOptions>;
  /** Of `timeouts.firstByteMs`. */
  readonly firstByteLimit: WaitLimit;
  /** Of `timeouts.idleMs`. */
  readonly idleLimit: WaitLimit;
  /** Of `timeouts.sendMs`. */
  readonly sendLimit: WaitLimit;
  readonly retries: Required<RetryOptions>;
  readonly breaker: Required<BreakerOptions> | null;
  readonly health: Required<HealthOptions> | null;
  readonly load: Required<LoadOptions> | null;
  readonly coldCache: Required<ColdCacheOptions> | null;
  readonly keys: readonly KeyOptions[] | null;
  readonly adminTokenSha256: string | null;
  /** Null: none. */
  readonly proxies: Networks | null;
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
  const timeouts = group("timeouts", options.timeouts, TIMEOUT_RULES);
  return {
    models: modelsOf(options),
    upstream: upstreamOf(options),
    onRequestEnd,
    tracing,
    maxBodyBytes,
    maxHeaderBytes,
    replicaHeader,
    forwardAuthorization,
    adminTreeText,
    timeouts,
    firstByteLimit: new WaitLimit(timeouts.firstByteMs, clock, timers),
    idleLimit: new WaitLimit(timeouts.idleMs, clock, timers),
    sendLimit: new WaitLimit(timeouts.sendMs, clock, timers),
    retries,
    breaker: options.breaker === false ? null : group("breaker", options.breaker, BREAKER_RULES),
    health: optional("health", options.health, HEALTH_RULES),
    load: optional("load", options.load, LOAD_RULES),
    coldCache: options.coldCache === false ? null : group("coldCache", options.coldCache, COLD_RULES),
    keys: keys ?? null,
    adminTokenSha256: adminTokenSha256?.toLowerCase() ?? null,
    proxies: proxiesOf(options),
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
  "trustedProxies",
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

const TIMEOUT_RULES = {
  connectMs: DELAY,
  firstByteMs: DELAY,
  idleMs: DELAY,
  sendMs: DELAY,
  queueMs: WAIT,
} satisfies Rules;
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

function proxiesOf({ trustedProxies }: GatewayOptions): Networks | null {
  if (trustedProxies === undefined) return null;
  if (!Array.isArray(trustedProxies))
    throw new TypeError(`trustedProxies must be an array, not ${shown(trustedProxies)}`);
  trustedProxies.forEach((each: unknown, i) => {
    if (isNetwork(each)) return;
    throw new TypeError(`trustedProxies[${i}] must be an IP address or a network as 10.0.0.0/8, not ${shown(each)}`);
  });
  return new Networks(trustedProxies);
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
