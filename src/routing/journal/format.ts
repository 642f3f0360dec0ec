import type { RouterOptions } from "../options.js";
import type { ReplicaOptions } from "../replica.js";

/** The version of the format that is written and read. */
export const JOURNAL_VERSION = 1;

/** How a journal tells texts: as they are, or by salted hashes of their blocks and their lengths. */
export type JournalKeys = "texts" | "hashes";

/** The first line of a journal. */
export interface JournalHeader {
  readonly journal: "warmroute";
  readonly version: typeof JOURNAL_VERSION;
  readonly keys: JournalKeys;
  /** Characters of a block, where `keys` is `"hashes"`; of token ids a block is a quarter of it. */
  readonly blockChars?: number;
  /** Whether it begins with the router's first request; else what the router knew before is not in it. */
  readonly whole: boolean;
  /** When the router's policy heard of its replicas, in seconds by its clock. */
  readonly t: number;
  /** The options that decisions depend on; a policy of the user's own has its name here, and `own` is true. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly own?: true;
  readonly replicas: readonly JournalReplica[];
}

/** Without its `url` and `headers`: nothing depends on them, and they may hold secrets. */
export type JournalReplica = Omit<ReplicaOptions, "url" | "headers">;

/** A lease that an event led to: the request's number, which try of it it is (0: the first), the replica's id and the reason. */
export type JournalLease = readonly [id: number, attempt: number, replica: string, reason: string];

interface Event {
  /** The time or times that the router read for it, in seconds by its clock. */
  readonly t?: number | readonly number[];
  /** The leases that it led to. */
  readonly to?: readonly JournalLease[];
}

interface OfRequest extends Event {
  /** The request's number. */
  readonly id: number;
  /** How often it had been rejected before; left out when never. */
  readonly try?: number;
}

/** A request. Of its text there is one of `text`, `tokens` and `blocks`, or nothing when it was empty. */
export interface RequestEvent extends OfRequest {
  readonly do: "route" | "acquire";
  readonly text?: string;
  readonly tokens?: readonly number[];
  /** Hashes of the blocks, 8 letters each, the last one of a block that may be shorter. */
  readonly blocks?: string;
  /** With `blocks`: the length of the text in characters, or with `ids` in token ids. */
  readonly chars?: number;
  /** With `blocks`: true for a prompt of token ids. */
  readonly ids?: true;
  /** The first 100 characters of the first user message, where those of the text are others; a hash where texts are hashed. */
  readonly opening?: string;
  /** The namespace; a hash where texts are hashed. */
  readonly ns?: string;
  /** The session; a hash where texts are hashed. */
  readonly session?: string;
  readonly model?: string;
  readonly exclude?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** There was no replica for it, or no place to wait in, or the policy failed: nothing more is told of it. */
  readonly refused?: true;
}

/** The replica has accepted the request, or its first token has come; or the backoff after a rejection is over. */
export interface StepEvent extends OfRequest {
  readonly do: "accept" | "first" | "back";
}

export interface EndEvent extends OfRequest {
  readonly do: "end";
  readonly how: "released" | "rejected" | "aborted" | "idle" | "forgotten";
  readonly ttftMs?: number;
  readonly cachedTokens?: number;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly error?: true;
  /** Of a rejection: the queue length that the replica gave. */
  readonly queueLength?: number;
}

/** A request that waited has gone without a lease. */
export interface LeaveEvent extends OfRequest {
  readonly do: "leave";
  readonly why: "timeout" | "aborted";
}

export interface ReplicasEvent extends Event {
  readonly do: "replicas";
  readonly list: readonly JournalReplica[];
}

export interface LoadEvent extends Event {
  readonly do: "load";
  readonly replica: string;
  readonly running: number;
  readonly waiting: number;
  readonly kvUsage?: number;
  readonly at: number;
}

/** The policy has done what it does every so often (`PolicyEnvironment.every`): `prefix_aware` with `doEviction` evicts. */
export interface SweepEvent extends Event {
  readonly do: "sweep";
}

/** A line of a journal after the first. */
export type JournalEvent = RequestEvent | StepEvent | EndEvent | LeaveEvent | ReplicasEvent | LoadEvent | SweepEvent;

/** The options of a router that decisions depend on, besides those of its policy. */
export const RECORDED_OPTIONS: readonly (keyof RouterOptions)[] = [
  "seed",
  "insertAt",
  "matching",
  "maxQueuedRequests",
  "backoff",
  "locality",
  "loadValidSecs",
];

/** JSON has no infinity. */
export function toJson(_name: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? "Infinity" : value;
}

/** The options of a header as a router takes them. */
export function recordedOptions({ options }: JournalHeader): Record<string, unknown> {
  const given = Object.entries(options).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [name, value === "Infinity" ? Number.POSITIVE_INFINITY : value]),
  );
}

/** Blocks longer than this tell nothing of prompts any more. */
const MOST_BLOCK_CHARS = 65_536;

/** What a block's length must be, in words. */
export const BLOCK_CHARS: string = `a multiple of 4, from 4 to ${MOST_BLOCK_CHARS}`;

export function isBlockChars(value: unknown): boolean {
  return typeof value === "number" && value >= 4 && value <= MOST_BLOCK_CHARS && value % 4 === 0;
}
