import { PrefixTree } from "../tree/index.js";
import type { Matching } from "./admission.js";
import { type Backoff, type BackoffOptions, DEFAULT_BACKOFF } from "./backoff.js";
import type { Locality } from "./candidates.js";
import { checkFields, checkFunction, checkNumber, checkString, wrong } from "./checks.js";
import { type ForgottenLease, reportForgotten } from "./forgotten.js";
import { POLICIES, type PolicyName, type PolicyOptions } from "./policies/index.js";
import { checkOption } from "./policies/option-table.js";
import type { Policy, PolicyEnvironment } from "./policies/policy.js";
import type { ReplicaOptions } from "./replica.js";
import { readReplicas } from "./replica-options.js";
import type { Rendering } from "./request-key.js";
import { shown } from "./shown.js";
import { LONGEST_DELAY_MS, realTimers, type Timers } from "./timers.js";

/** What a router is made of. */
export interface RouterOptions extends PolicyOptions {
  /** By name, or one of your own: an object, or a function that makes it. */
  policy: PolicyName | Policy | ((environment: PolicyEnvironment) => Policy);
  /** May be empty; their ids are all different. Those that a router has given out (`Router.replicas`) are taken, too. */
  replicas: readonly ReplicaOptions[];
  /** Seed of all chance, a whole number. Default: 0. */
  seed?: number;
  /** The time in seconds, for the tree and for what replicas report. Default: the wall clock. */
  clock?: () => number;
  /** Calls back later, for waits, backoff and idle limit. Default: the runtime's. */
  timers?: Timers;
  /**
   * When a text enters the tree: `"choice"` (default), as soon as its replica is chosen, so that a burst of one new prefix stays
   * together; a rejection takes it back. `"accept"`, when the replica has taken the request, as in Ray.
   */
  insertAt?: "choice" | "accept";
  /**
   * A tree that several routers of one process share, for policies with a tree, as Ray's routers share theirs; the options `maxBytes`,
   * `maxChars` and `ttlSecs` are then the tree's own. Whoever made it disposes of it. Default: one of the router's own.
   */
  tree?: PrefixTree;
  /** How a body becomes the text that is matched. Default: `"structured"`. */
  rendering?: Rendering;
  /** Whom a freed place goes to. Default: `"exact"`. */
  matching?: Matching;
  /** The most requests that may wait in `acquire`. Default: 1000. */
  maxQueuedRequests?: number;
  /** The longest wait in `acquire`, in milliseconds. Default: no limit. */
  queueTimeoutMs?: number;
  /** The waits of a request that replicas reject. Default: 0, 25, 50, 100, 200, 400, 500, 500 ms and so on. */
  backoff?: BackoffOptions;
  /** Where the router runs, to prefer replicas on the same node, then in the same zone. Default: no preference. */
  locality?: Locality;
  /** Seconds after which what a replica reported is no longer believed. Default: 10. */
  loadValidSecs?: number;
  /** Seconds without a sign of life (`accept`, `firstToken`, `touch`) after which a lease ends. Default: no limit. */
  leaseIdleSecs?: number;
  /** Every so many-th decision has every candidate's match and score, as with `route(request, { explain: true })`. Default: 0, none. */
  explainEvery?: number;
  /** Called for each lease that was collected as garbage before it was released. Default: a line on the console. */
  onForgottenLease?: (lease: ForgottenLease) => void;
}

/** The options of waiting and leases, with their defaults. */
export interface Settings {
  readonly timers: Timers;
  readonly matching: Matching;
  readonly maxQueuedRequests: number;
  readonly queueTimeoutMs: number;
  readonly backoff: Backoff;
  readonly loadValidSecs: number;
  readonly leaseIdleSecs: number;
  readonly explainEvery: number;
  readonly onForgottenLease: (lease: ForgottenLease) => void;
}

export function settingsOf(options: RouterOptions): Settings {
  return {
    timers: options.timers ?? realTimers,
    matching: options.matching ?? "exact",
    maxQueuedRequests: options.maxQueuedRequests ?? 1000,
    queueTimeoutMs: options.queueTimeoutMs ?? Number.POSITIVE_INFINITY,
    backoff: { ...DEFAULT_BACKOFF, ...options.backoff },
    loadValidSecs: options.loadValidSecs ?? 10,
    leaseIdleSecs: options.leaseIdleSecs ?? Number.POSITIVE_INFINITY,
    explainEvery: options.explainEvery ?? 0,
    onForgottenLease: options.onForgottenLease ?? reportForgotten,
  };
}

const OWN_OPTIONS = [
  "policy",
  "replicas",
  "seed",
  "clock",
  "timers",
  "insertAt",
  "tree",
  "rendering",
  "matching",
  "maxQueuedRequests",
  "queueTimeoutMs",
  "backoff",
  "locality",
  "loadValidSecs",
  "leaseIdleSecs",
  "explainEvery",
  "onForgottenLease",
];
const BACKOFF_OPTIONS = ["initialMs", "multiplier", "maxMs"];
const LOCALITY_OPTIONS = ["node", "zone"];

/** @throws TypeError or RangeError that names the option, its value and what is accepted. */
export function checkOptions(options: RouterOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`options must be an object, not ${shown(options)}`);
  }
  checkPolicy(options);
  readReplicas(options.replicas);
  const { seed, clock, timers } = options;
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw wrong("seed", seed, "a whole number");
  if (clock !== undefined) checkFunction("clock", clock, "a function that gives seconds");
  if (timers !== undefined && (typeof timers?.setTimeout !== "function" || typeof timers.clearTimeout !== "function")) {
    throw new TypeError(`timers must be { setTimeout, clearTimeout }, not ${shown(timers)}`);
  }
  checkWord("insertAt", options.insertAt, ["choice", "accept"]);
  if (options.tree !== undefined && !(options.tree instanceof PrefixTree)) {
    throw new TypeError(`tree must be a PrefixTree, not ${shown(options.tree)}`);
  }
  checkWord("rendering", options.rendering, ["structured", "reference"]);
  checkWord("matching", options.matching, ["exact", "fifo"]);
  checkWaiting(options);
  checkLocality(options.locality);
  checkNumber("loadValidSecs", options.loadValidSecs, (n) => n > 0, "above 0");
  checkNumber("leaseIdleSecs", options.leaseIdleSecs, (n) => n > 0, "above 0");
  checkNumber("explainEvery", options.explainEvery, (n) => Number.isInteger(n) && n >= 0, "a whole number, 0 or more");
  const { onForgottenLease } = options;
  if (onForgottenLease !== undefined) checkFunction("onForgottenLease", onForgottenLease);
  checkPolicyOptions(options);
}

function checkWaiting({ maxQueuedRequests, queueTimeoutMs, backoff }: RouterOptions): void {
  checkNumber(
    "maxQueuedRequests",
    maxQueuedRequests,
    (n) => n === Number.POSITIVE_INFINITY || (Number.isInteger(n) && n >= 0),
    "a whole number, 0 or more, or Infinity",
  );
  checkNumber("queueTimeoutMs", queueTimeoutMs, (n) => n >= 0, "0 or more");
  if (backoff === undefined) return;
  checkFields("backoff", backoff, BACKOFF_OPTIONS, " in backoff");
  checkNumber("backoff.initialMs", backoff.initialMs, (n) => n >= 0 && n < Number.POSITIVE_INFINITY, "0 or more");
  checkNumber("backoff.multiplier", backoff.multiplier, (n) => n >= 1 && n < Number.POSITIVE_INFINITY, "1 or more");
  checkNumber("backoff.maxMs", backoff.maxMs, (n) => n >= 0 && n <= LONGEST_DELAY_MS, `from 0 to ${LONGEST_DELAY_MS}`);
}

function checkLocality(locality: Locality | undefined): void {
  if (locality === undefined) return;
  checkFields("locality", locality, LOCALITY_OPTIONS, " in locality");
  checkString("locality.node", locality.node);
  checkString("locality.zone", locality.zone);
}

function checkWord(name: string, value: unknown, words: readonly string[]): void {
  if (value === undefined || words.includes(value as string)) return;
  throw wrong(name, value, words.map((word) => `"${word}"`).join(" or "));
}

function checkPolicyOptions(options: RouterOptions): void {
  const { policy } = options;
  if (typeof policy !== "string") return;
  const { options: table, check } = POLICIES[policy];
  for (const [name, option] of Object.entries(table)) {
    checkOption(name, option, (options as unknown as Record<string, unknown>)[name]);
  }
  check?.(options);
}

function checkPolicy(options: RouterOptions): void {
  const { policy } = options;
  const own = typeof policy === "function" || typeof (policy as Policy | null)?.choose === "function";
  const names = Object.keys(POLICIES);
  if (!own && !(typeof policy === "string" && Object.hasOwn(POLICIES, policy))) {
    throw wrong("policy", policy, `one of ${names.join(", ")}`);
  }
  const accepted = [...OWN_OPTIONS, ...(own ? [] : Object.keys(POLICIES[policy as PolicyName].options))];
  for (const name of Object.keys(options)) {
    if (!accepted.includes(name)) {
      throw new TypeError(
        `unknown option ${shown(name)} for ${own ? "a policy of your own" : `policy ${policy}`}; there are ${accepted.join(", ")}`,
      );
    }
  }
}
