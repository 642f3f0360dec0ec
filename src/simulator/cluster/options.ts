import { POLICIES, type PolicyOptions, type Router, type RouterOptions } from "../../routing/index.js";
import { type Tokenizer, tokenize, type Workload } from "../../workloads/index.js";
import { BLOCK_SIZE } from "../engine/index.js";
import { type Profile, type ProfileName, profileOf } from "../profiles.js";
import type { ClientModel } from "./client.js";
import type { OracleCost } from "./oracle.js";

/**
 * How much a replica caches. `"profile"`: what its profile says. `"ample"`: all that the run will send and generate. `"tight"`: all
 * replicas together hold half of that. Or blocks of 16 tokens a replica.
 */
export type CacheSize = "profile" | "ample" | "tight" | number;

/** Engines, routers, clients and what they send. */
export interface ClusterOptions extends PolicyOptions {
  /** What is sent. */
  workload: Workload;
  /** By name, one of your own, or `"oracle"`, which sees into the replicas. Its options stand beside it, as with `Router`. */
  policy: RouterOptions["policy"] | "oracle";
  /** What the policy `"oracle"` holds to be least. Default: `"ttft"`. */
  oracleCost?: OracleCost;
  /** How the requests come. Default: closed, 40 at a time, at 100 a second. */
  client?: ClientModel;
  /** Default: 4. */
  replicas?: number;
  /** Default: `l4-qwen2.5-1.5b`. */
  profile?: ProfileName | Profile;
  /** The most requests that a replica takes, and that a router has on it. Default: no limit. */
  maxOngoingRequests?: number;
  /** Default: `"profile"`. */
  cache?: CacheSize;
  /** Default: true. */
  enablePrefixCaching?: boolean;
  /** Default: true. */
  enableChunkedPrefill?: boolean;
  /** Tokens of a request that come within so many ms of the last ones given out come out together. Default: 0. */
  streamBatchMs?: number;
  /** Routers, to which requests go at random. Default: 1. */
  routers?: number;
  /** Whether the routers of a policy with a tree have one for all, or one each. Default: `"shared"`. */
  tree?: "shared" | "own";
  /** ms between two reports of a replica's load to every router (`Router.setLoad`); 0: none. Default: 0. */
  loadReportMs?: number;
  /** How old a report is when it reaches the routers, in ms. Default: 0. */
  loadReportAgeMs?: number;
  /** As with `Router`. Default: `"choice"`. */
  insertAt?: "choice" | "accept";
  /** As with `Router`. Default: `"exact"`. */
  matching?: "exact" | "fifo";
  /** Seed of clients, routers and policies, a whole number. Default: 0. (The workload has one of its own.) */
  seed?: number;
  /** Default: the simulator's, about 4 characters a token. */
  tokenizer?: Tokenizer;
  /** Called with each router and its index before the first request comes: to observe or record it, in virtual time. */
  onRouter?: (router: Router, index: number) => void;
  /**
   * Sends the workload twice: the result is of the second time, which finds caches and trees as the first has left them. Default: false.
   */
  warmup?: boolean;
  /** ms between two scrapes of the replicas' metrics, from the start on; 0: only where the run that is measured begins and ends. Default: 0. */
  scrapeMs?: number;
  /** Called with each replica's metrics when they are scraped. */
  onScrape?: (scrape: SimulatedScrape) => void;
  /** Called for each request that has been answered. */
  onRequest?: (request: AnsweredSimulation) => void;
  /** Called now and then with the number of requests that have ended. */
  onProgress?: (ended: number, size: number) => void;
  /** Ends the run; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What became of one request; times in virtual ms. */
export interface AnsweredSimulation {
  readonly conversation: number;
  readonly turn: number;
  /** Whether it was sent to warm up. */
  readonly warmup: boolean;
  /** Index of the router and of the replica. */
  readonly router: number;
  readonly replica: number;
  readonly sentMs: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Prompt tokens that the engine had in its cache. */
  readonly cachedTokens: number;
  /** Those that the router took it to have; null where its policy does not look. */
  readonly predictedTokens: number | null;
  readonly engine: EngineTimes;
}

/** What a replica's `/metrics` told. */
export interface SimulatedScrape {
  /** Its index, and its id at the routers. */
  readonly replica: number;
  readonly id: string;
  /** Virtual ms. */
  readonly atMs: number;
  /** Where the run that is measured begins or ends, or in between, every `scrapeMs` from the very start on. */
  readonly when: "begin" | "interval" | "end";
  /** In Prometheus' text format, under vLLM's names. */
  readonly page: string;
}

/** When the engine did what, in virtual ms: what its metrics are made of. */
export interface EngineTimes {
  /** At the replica's door, and in the engine's queue. */
  readonly receivedMs: number;
  readonly arrivedMs: number;
  readonly scheduledMs: number;
  /** First and last token generated. */
  readonly firstTokenMs: number;
  readonly finishedMs: number;
}

/** The options with their defaults. */
export interface ClusterSettings {
  readonly workload: Workload;
  readonly policy: ClusterOptions["policy"];
  readonly oracleCost: OracleCost;
  readonly client: ClientModel;
  readonly replicas: number;
  readonly profile: Profile;
  readonly maxOngoingRequests: number;
  readonly cache: CacheSize;
  readonly enablePrefixCaching: boolean;
  readonly enableChunkedPrefill: boolean;
  readonly streamBatchMs: number;
  readonly routers: number;
  readonly tree: "shared" | "own";
  readonly loadReportMs: number;
  readonly loadReportAgeMs: number;
  readonly insertAt: "choice" | "accept";
  readonly matching: "exact" | "fifo";
  readonly seed: number;
  readonly warmup: boolean;
  readonly scrapeMs: number;
  readonly tokenizer: Tokenizer;
  /** Whatever else was given: options of the policy, which its router checks. */
  readonly policyOptions: Readonly<Record<string, unknown>>;
}

/** @throws TypeError or RangeError that names the option, its value and what is accepted. */
export function settingsOf(options: ClusterOptions): ClusterSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`options must be an object, not ${shown(options)}`);
  }
  const {
    workload,
    policy,
    oracleCost = "ttft",
    client = { kind: "closed" },
    replicas = 4,
    profile = "l4-qwen2.5-1.5b",
    maxOngoingRequests = Number.POSITIVE_INFINITY,
    cache = "profile",
    enablePrefixCaching = true,
    enableChunkedPrefill = true,
    streamBatchMs = 0,
    routers = 1,
    tree = "shared",
    loadReportMs = 0,
    loadReportAgeMs = 0,
    insertAt = "choice",
    matching = "exact",
    seed = 0,
    warmup = false,
    scrapeMs = 0,
    tokenizer = tokenize,
    onRouter,
    onRequest,
    onScrape,
    onProgress,
    signal,
    ...policyOptions
  } = options;
  if (typeof workload?.conversation !== "function" || !Array.isArray(workload.order)) {
    throw new TypeError(`workload must be a Workload, not ${shown(workload)}`);
  }
  if (typeof policy === "string" && policy !== "oracle" && !Object.hasOwn(POLICIES, policy)) {
    throw wrong("policy", policy, `one of ${[...Object.keys(POLICIES), "oracle"].join(", ")}, or one of your own`);
  }
  word("oracleCost", oracleCost, ["ttft", "prefill", "delay"]);
  checkClient(client);
  count("replicas", replicas);
  count("routers", routers);
  if (maxOngoingRequests !== Number.POSITIVE_INFINITY) count("maxOngoingRequests", maxOngoingRequests, ", or Infinity");
  if (typeof cache === "number") count("cache", cache, `, "profile", "ample" or "tight"`);
  else word("cache", cache, ["profile", "ample", "tight"]);
  for (const [name, value] of Object.entries({ enablePrefixCaching, enableChunkedPrefill, warmup })) {
    if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${shown(value)}`);
  }
  for (const [name, value] of Object.entries({ streamBatchMs, loadReportMs, loadReportAgeMs, scrapeMs }))
    milliseconds(name, value);
  word("tree", tree, ["shared", "own"]);
  word("insertAt", insertAt, ["choice", "accept"]);
  word("matching", matching, ["exact", "fifo"]);
  if (!Number.isSafeInteger(seed)) throw wrong("seed", seed, "a whole number");
  for (const [name, value] of Object.entries({ tokenizer, onRouter, onRequest, onScrape, onProgress })) {
    if (value !== undefined && typeof value !== "function") {
      throw new TypeError(`${name} must be a function, not ${shown(value)}`);
    }
  }
  return {
    workload,
    policy,
    oracleCost,
    client,
    replicas,
    profile: profileOf(profile),
    maxOngoingRequests,
    cache,
    enablePrefixCaching,
    enableChunkedPrefill,
    streamBatchMs,
    routers,
    tree,
    loadReportMs,
    loadReportAgeMs,
    insertAt,
    matching,
    seed,
    warmup,
    scrapeMs,
    tokenizer,
    policyOptions,
  };
}

/** The most tokens of prompt and answer together that a replica takes. */
export function contextOf({ maxModelLen, blocks }: Profile): number {
  return Math.min(maxModelLen, blocks * BLOCK_SIZE);
}

const CLIENT_OPTIONS = {
  closed: ["concurrency", "rate", "openConversations", "thinkMs"],
  open: ["rate", "load", "openConversations", "thinkMs"],
  trace: ["speedup", "thinkMs"],
} as const;

function checkClient(client: ClientModel): void {
  if (typeof client !== "object" || client === null) {
    throw new TypeError(`client must be an object with a kind, not ${shown(client)}`);
  }
  word("client.kind", client.kind, Object.keys(CLIENT_OPTIONS));
  const given: Readonly<Record<string, unknown>> = { ...client };
  for (const [name, value] of Object.entries(given)) {
    if (name === "kind" || value === undefined) continue;
    const accepted: readonly string[] = CLIENT_OPTIONS[client.kind];
    if (!accepted.includes(name)) {
      throw new TypeError(
        `unknown option "${name}" for a client of kind "${client.kind}"; there are ${accepted.join(", ")}`,
      );
    }
    if (name === "thinkMs") milliseconds("client.thinkMs", value);
    else if (name === "concurrency" || name === "openConversations") count(`client.${name}`, value);
    else if (typeof value !== "number" || !(value > 0)) throw wrong(`client.${name}`, value, "a number above 0");
    else if (value === Number.POSITIVE_INFINITY && !(name === "rate" && client.kind === "closed")) {
      throw wrong(`client.${name}`, value, "finite");
    }
  }
  if (client.kind === "open" && (client.rate === undefined) === (client.load === undefined)) {
    throw new TypeError('a client of kind "open" needs either rate or load');
  }
}

function count(name: string, value: unknown, or = ""): void {
  if (!(Number.isSafeInteger(value) && (value as number) >= 1)) {
    throw wrong(name, value, `a whole number, 1 or more${or}`);
  }
}

function milliseconds(name: string, value: unknown): void {
  if (!(typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw wrong(name, value, "0 ms or more and finite");
  }
}

function word(name: string, value: unknown, words: readonly string[]): void {
  if (words.includes(value as string)) return;
  throw wrong(name, value, words.map((each) => `"${each}"`).join(" or "));
}

function wrong(name: string, value: unknown, accepted: string): Error {
  const message = `${name} must be ${accepted}, not ${shown(value)}`;
  return typeof value === "number" || typeof value === "string" ? new RangeError(message) : new TypeError(message);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
