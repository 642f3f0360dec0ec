import { POLICIES, type PolicyName, type PolicyOptions } from "./policies/index.js";
import type { ReplicaOptions } from "./replica.js";

/** What a router is made of. */
export interface RouterOptions extends PolicyOptions {
  policy: PolicyName;
  /** May be empty; their ids are all different. */
  replicas: readonly ReplicaOptions[];
  /** Seed of all chance, a whole number. Default: 0. */
  seed?: number;
  /** The time in seconds, for the tree and for what replicas report. Default: the wall clock. */
  clock?: () => number;
  /**
   * When a text enters the tree: `"choice"` (default), as soon as its replica is chosen, so that a burst of one new prefix stays
   * together; a rejection takes it back. `"accept"`, when the replica has taken the request, as in Ray.
   */
  insertAt?: "choice" | "accept";
}

const OWN_OPTIONS = ["policy", "replicas", "seed", "clock", "insertAt"];
const REPLICA_OPTIONS = ["id", "url", "maxOngoingRequests"];

/** @throws TypeError or RangeError that names the option, its value and what is accepted. */
export function checkOptions(options: RouterOptions): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`options must be an object, not ${show(options)}`);
  checkPolicy(options);
  checkReplicas(options.replicas);
  const { seed, clock, insertAt } = options;
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw wrong("seed", seed, "a whole number");
  if (clock !== undefined && typeof clock !== "function") {
    throw new TypeError(`clock must be a function that gives seconds, not ${show(clock)}`);
  }
  if (insertAt !== undefined && insertAt !== "choice" && insertAt !== "accept") {
    throw wrong("insertAt", insertAt, '"choice" or "accept"');
  }
  checkNumber("imbalancedThreshold", options.imbalancedThreshold, (n) => n >= 0, "0 or more");
  checkNumber("matchRateThreshold", options.matchRateThreshold, (n) => n >= 0 && n <= 1, "from 0 to 1");
  for (const name of ["evictionThresholdChars", "evictionTargetChars"] as const) {
    checkNumber(name, options[name], (n) => Number.isInteger(n) && n >= 0, "a whole number, 0 or more");
  }
  const { evictionThresholdChars = 400_000, evictionTargetChars = 0 } = options;
  if (evictionTargetChars > evictionThresholdChars) {
    throw wrong(
      "evictionTargetChars",
      evictionTargetChars,
      `at most evictionThresholdChars (${evictionThresholdChars})`,
    );
  }
  checkNumber(
    "evictionIntervalSecs",
    options.evictionIntervalSecs,
    (n) => n > 0 && n <= 2147483,
    "above 0 and at most 2147483",
  );
  if (options.doEviction !== undefined && typeof options.doEviction !== "boolean") {
    throw new TypeError(`doEviction must be true or false, not ${show(options.doEviction)}`);
  }
}

function checkPolicy(options: RouterOptions): void {
  const names = Object.keys(POLICIES);
  if (!Object.hasOwn(POLICIES, options.policy)) throw wrong("policy", options.policy, `one of ${names.join(", ")}`);
  const accepted = [...OWN_OPTIONS, ...POLICIES[options.policy].options];
  for (const name of Object.keys(options)) {
    if (!accepted.includes(name)) {
      throw new TypeError(
        `unknown option ${show(name)} for policy ${options.policy}; there are ${accepted.join(", ")}`,
      );
    }
  }
}

function checkReplicas(replicas: readonly ReplicaOptions[]): void {
  if (!Array.isArray(replicas)) throw new TypeError(`replicas must be an array, not ${show(replicas)}`);
  const ids = new Set<string>();
  replicas.forEach((replica: ReplicaOptions, index) => {
    const where = `replicas[${index}]`;
    if (typeof replica !== "object" || replica === null)
      throw new TypeError(`${where} must be an object, not ${show(replica)}`);
    for (const name of Object.keys(replica)) {
      if (!REPLICA_OPTIONS.includes(name)) {
        throw new TypeError(`unknown option ${show(name)} in ${where}; there are ${REPLICA_OPTIONS.join(", ")}`);
      }
    }
    const { id, url, maxOngoingRequests } = replica;
    if (typeof id !== "string" || id === "")
      throw new TypeError(`${where}.id must be a string, not empty, not ${show(id)}`);
    if (ids.has(id)) throw new RangeError(`${where}.id must be different from the others, not ${show(id)} again`);
    ids.add(id);
    if (url !== undefined && typeof url !== "string")
      throw new TypeError(`${where}.url must be a string, not ${show(url)}`);
    checkNumber(
      `${where}.maxOngoingRequests`,
      maxOngoingRequests,
      (n) => n === Number.POSITIVE_INFINITY || (Number.isInteger(n) && n >= 1),
      "a whole number, 1 or more, or Infinity",
    );
  });
}

function checkNumber(name: string, value: unknown, isRight: (value: number) => boolean, accepted: string): void {
  if (value === undefined) return;
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, ${accepted}, not ${show(value)}`);
  if (!isRight(value)) throw wrong(name, value, accepted);
}

function wrong(name: string, value: unknown, accepted: string): RangeError {
  return new RangeError(`${name} must be ${accepted}, not ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
