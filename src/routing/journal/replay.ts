import { checkNumber } from "../checks.js";
import type { RouterOptions } from "../options.js";
import { shown } from "../shown.js";
import type { JournalHeader, JournalKeys } from "./format.js";
import { JournalError, parseEvent, parseHeader } from "./parse.js";
import { type Difference, Run } from "./run.js";
import { Sequence } from "./sequence.js";
import type { HitCount } from "./tally.js";

/** A journal: its lines, one after the other, or the whole of it as one string. */
export type Journal = string | Iterable<string> | AsyncIterable<string>;

/**
 * What is to be otherwise than it was recorded. The recorded options of the policy hold for that policy only; those of the router
 * (`seed`, `insertAt`, `matching`, `maxQueuedRequests`, `backoff`, `locality`, `loadValidSecs`) for every one.
 */
export interface ReplayOptions
  extends Partial<
    Omit<
      RouterOptions,
      | "replicas"
      | "clock"
      | "timers"
      | "rendering"
      | "queueTimeoutMs"
      | "leaseIdleSecs"
      | "explainEvery"
      | "onForgottenLease"
    >
  > {
  /** Characters that each replica is taken to keep of what it was sent, for counting hits. Default: no limit. */
  cacheChars?: number;
}

/** What a policy would have made of the requests of a journal. */
export interface ReplayReport {
  readonly policy: string;
  /** Whether the journal has texts, or hashes for which other texts stand. */
  readonly keys: JournalKeys;
  /** Whether the journal begins with the router's first request; else what it knew before is missing. */
  readonly whole: boolean;
  /** Time of the first and of the last event, in seconds by the recorded clock; null when there was none. */
  readonly fromS: number | null;
  readonly toS: number | null;
  readonly requests: number;
  /** Leases given; more than one for a request that was put back. */
  readonly decisions: number;
  /** Of them, rejected by the replica, as recorded. They count nowhere else. */
  readonly rejected: number;
  /** Requests that there was no replica or no place to wait for, at once. */
  readonly refused: number;
  /** Requests that waited for a place. */
  readonly waited: number;
  /** Of them, those that left without one: when they did so as recorded, or when their recorded end came first. */
  readonly left: number;
  /** Of prompts in text. */
  readonly characters: HitCount;
  /** Of prompts of token ids. */
  readonly tokens: HitCount;
  /** What the replicas reported while the journal was recorded; 0 where they did not. */
  readonly reported: { readonly promptTokens: number; readonly cachedTokens: number };
  /** Conversations, told by their session, or else by how their first user message begins. */
  readonly conversations: number;
  /** Requests of a conversation that had one before. */
  readonly laterTurns: number;
  /** Of them, those that went to another replica than the one before. */
  readonly moves: number;
  /** Requests of the busiest replica ÷ the average: 1 is even, the number of replicas is all on one. */
  readonly imbalance: number;
  /** The longest queue ÷ the average, over the decisions. */
  readonly hotspot: number;
  /** Decisions by their reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Requests by replica. */
  readonly served: Readonly<Record<string, number>>;
  /** Decisions for the replica that the recorded router chose then. */
  readonly sameReplica: number;
  /** Of them, those for the same reason too: all of them, when it is replayed as it was recorded. */
  readonly same: number;
  readonly firstDifference: Difference | null;
}

/**
 * What a router with these options would have made of the requests that a journal tells: each comes, is accepted, has its first token
 * and its end when it did, on whatever replica it is now. As recorded, and of a whole journal of texts, the decisions are the same.
 * @throws JournalError that names the line; TypeError or RangeError that names the option, of which undefined counts as not given.
 * O(journal) in time; in memory only the tree, one line and a bit for each request.
 */
export async function replay(journal: Journal, options: ReplayOptions = {}): Promise<ReplayReport> {
  const [report] = await replayEach(journal, [options]);
  return report!;
}

/** As `replay`, with several sets of options, reading the journal once. */
export async function replayEach(journal: Journal, options: readonly ReplayOptions[]): Promise<ReplayReport[]> {
  if (!Array.isArray(options)) throw new TypeError(`options must be an array of options, not ${shown(options)}`);
  for (const each of options) checkReplay(each);
  const replayer = new Replayer(options);
  try {
    let line = 0;
    for await (const text of linesOf(journal)) {
      line++;
      if (typeof text !== "string") {
        const given = ArrayBuffer.isView(text) ? "bytes" : shown(text);
        throw new TypeError(
          `line ${line} of the journal must be a string, not ${given}; createInterface of node:readline makes lines of a stream`,
        );
      }
      // Where a file is read by its line feeds, the last one is followed by nothing.
      if (text !== "") replayer.take(text, line);
    }
    return replayer.reports();
  } finally {
    replayer.dispose();
  }
}

function linesOf(journal: Journal): Iterable<string> | AsyncIterable<string> {
  if (typeof journal === "string") return journal.split("\n");
  if (
    typeof journal === "object" &&
    journal !== null &&
    (Symbol.iterator in journal || Symbol.asyncIterator in journal)
  ) {
    return journal;
  }
  throw new TypeError(`the journal must be its lines, or a string, not ${shown(journal)}`);
}

const NOT_REPLAYED = [
  "replicas",
  "clock",
  "timers",
  "rendering",
  "queueTimeoutMs",
  "leaseIdleSecs",
  "explainEvery",
  "onForgottenLease",
];

function checkReplay(options: ReplayOptions): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`options must be an object, not ${shown(options)}`);
  }
  for (const name of NOT_REPLAYED) {
    if (options[name as keyof ReplayOptions] !== undefined)
      throw new TypeError(`${name} is as recorded in a replay: it cannot be given`);
  }
  checkNumber("cacheChars", options.cacheChars, (n) => n >= 1, "1 or more");
}

class Replayer {
  readonly #options: readonly ReplayOptions[];
  #header: JournalHeader | null = null;
  #sequence: Sequence | null = null;
  #runs: Run[] = [];

  constructor(options: readonly ReplayOptions[]) {
    this.#options = options;
  }

  take(text: string, line: number): void {
    if (this.#header === null) {
      // Editors and shells of Windows put a byte order mark first.
      this.#header = parseHeader(text.replace(/^\uFEFF/, ""));
      this.#sequence = new Sequence(this.#header);
      for (const options of this.#options) this.#runs.push(new Run(this.#header, options));
      return;
    }
    const event = parseEvent(text, line, this.#header);
    this.#sequence!.take(event, line);
    for (const run of this.#runs) {
      try {
        run.take(event, line);
      } catch (error) {
        throw new JournalError(line, error instanceof Error ? error.message : String(error));
      }
    }
  }

  reports(): ReplayReport[] {
    if (this.#header === null) throw new JournalError(1, "it is empty");
    return this.#runs.map((run) => reportOf(run, this.#header!));
  }

  dispose(): void {
    for (const run of this.#runs) run.dispose();
  }
}

function reportOf(run: Run, { keys, whole }: JournalHeader): ReplayReport {
  const { tally, policy, requests, fromS, sameReplica, same, firstDifference } = run;
  const { decisions, rejected, refused, waited, left, conversations, laterTurns, moves, imbalance, hotspot } = tally;
  return {
    policy,
    keys,
    whole,
    fromS,
    toS: fromS === null ? null : run.nowS,
    requests,
    decisions,
    rejected,
    refused,
    waited,
    left,
    characters: { ...tally.characters },
    tokens: { ...tally.tokens },
    reported: { promptTokens: tally.promptTokens, cachedTokens: tally.cachedTokens },
    conversations,
    laterTurns,
    moves,
    imbalance,
    hotspot,
    reasons: Object.fromEntries(tally.reasons),
    served: Object.fromEntries(tally.served),
    sameReplica,
    same,
    firstDifference,
  };
}
