import { modelOf } from "../candidates.js";
import { checkFields, checkFunction, wrong } from "../checks.js";
import { QueueTimeoutError } from "../errors.js";
import type { Hold, Origin } from "../hold.js";
import { type RouterOptions, settingsOf } from "../options.js";
import { POLICIES } from "../policies/index.js";
import { valuesOf } from "../policies/option-table.js";
import type { Replica, ReplicaLoad, ReplicaOptions } from "../replica.js";
import { Key } from "../request-key.js";
import { shown } from "../shown.js";
import { type Arrival, type RouterEvent, untilItFails, type Watchers } from "../watch.js";
import { BlockHashes } from "./block-hashes.js";
import {
  BLOCK_CHARS,
  isBlockChars,
  JOURNAL_VERSION,
  type JournalKeys,
  type JournalReplica,
  RECORDED_OPTIONS,
  toJson,
} from "./format.js";

/** How a journal is written. */
export interface RecordOptions {
  /** What is written of texts: `"texts"` (default), or `"hashes"` of their blocks, for which there must be a `salt`. */
  keys?: JournalKeys;
  /** Whoever has it can try whether a text was sent; without it nobody can. Not empty; a random one is best. It is not written. */
  salt?: string;
  /** Characters of a block that is hashed, a multiple of 4, from 4 to 65,536. Smaller: more precise, and longer lines. Default: 64. */
  blockChars?: number;
}

/** What a router's journal is written by, until it is stopped. */
export interface Recording {
  /** Lines written. */
  readonly lines: number;
  /** Ends it; a second call does nothing. */
  stop(): void;
  /** As `stop`. */
  [Symbol.dispose](): void;
}

/** @throws TypeError or RangeError that names the option, its value and what is accepted. */
export function checkRecord(write: unknown, options: RecordOptions): void {
  checkFunction("write", write);
  checkFields("options", options, RECORD_OPTIONS);
  const { keys = "texts", salt, blockChars = DEFAULT_BLOCK_CHARS } = options;
  if (keys !== "texts" && keys !== "hashes")
    throw new RangeError(`keys must be "texts" or "hashes", not ${shown(keys)}`);
  if (keys === "hashes" && (typeof salt !== "string" || salt === "")) {
    throw new TypeError(`salt must be a string, not empty, where keys are "hashes", not ${shown(salt)}`);
  }
  if (!isBlockChars(blockChars)) throw wrong("blockChars", blockChars, BLOCK_CHARS);
}

const RECORD_OPTIONS = ["keys", "salt", "blockChars"];
const DEFAULT_BLOCK_CHARS = 64;

/** How a router stands when a journal of it begins. */
export interface RecordedState {
  readonly options: RouterOptions;
  readonly policy: string;
  readonly replicas: readonly Replica[];
  /** Whether no request has come yet. */
  readonly whole: boolean;
  readonly startS: number;
}

/** Begins a journal. What `write` throws ends it. */
export function startRecording(
  watchers: Watchers,
  write: (line: string) => void,
  state: RecordedState,
  options: RecordOptions,
): Recording {
  let stopped = false;
  let recorder: Recorder | null = null;
  const stop = (): void => {
    stopped = true;
    watchers.remove(watch);
  };
  const orEnd = untilItFails(() => stopped, stop, "the journal ends here, since it cannot be written");
  const watch = (event: RouterEvent): void => orEnd(() => recorder!.watch(event));
  orEnd(() => {
    recorder = new Recorder(write, state, options);
    watchers.add(watch);
  });
  return {
    get lines() {
      return recorder?.lines ?? 0;
    },
    stop,
    [Symbol.dispose]: stop,
  };
}

/**
 * Writes a line for whatever comes to a router from outside, with every time that the router read for it, and with the leases
 * that came of it. It keeps nothing of a request: a line is written when what it tells is over.
 */
export class Recorder {
  lines = 0;
  readonly #write: (line: string) => void;
  readonly #hashes: BlockHashes | null;
  /** What has begun and is not over, innermost last: a callback of the user's may do one thing within another. */
  readonly #open: Line[] = [];

  constructor(write: (line: string) => void, state: RecordedState, options: RecordOptions) {
    this.#write = write;
    const { keys = "texts", salt = "", blockChars = DEFAULT_BLOCK_CHARS } = options;
    const hashed = keys === "hashes";
    this.#hashes = hashed ? new BlockHashes(salt, blockChars) : null;
    const own = typeof state.options.policy !== "string";
    this.#put({
      journal: "warmroute",
      version: JOURNAL_VERSION,
      keys,
      ...(hashed && { blockChars }),
      whole: state.whole,
      t: state.startS,
      options: JSON.parse(JSON.stringify(recordedOptions(state.options, state.policy), toJson)),
      ...(own && { own }),
      replicas: state.replicas.map(recordedReplica),
    });
    for (const replica of state.replicas) {
      const report = replica.report;
      if (report !== null) this.#load(replica.id, report.load, report.atS);
    }
  }

  watch(event: RouterEvent): void {
    switch (event.what) {
      case "read": {
        this.#open.at(-1)?.times.push(event.timeS);
        return;
      }
      case "arrived":
        this.#begin(this.#request(event), event.origin);
        return;
      case "leased": {
        const { replica, reason } = event.lease.decision;
        const { arrival, rejections } = event.hold.origin;
        this.#open.at(-1)?.leases.push([arrival, rejections, replica, reason]);
        return;
      }
      case "accepted":
        this.#begin({ do: "accept", ...idOf(event.hold) });
        return;
      case "firstToken":
        this.#begin({ do: "first", ...idOf(event.hold) });
        return;
      case "returned":
        this.#begin({ do: "back", ...idOf(event) });
        return;
      case "ended": {
        const { hold, report, queueLength } = event;
        const { ttftMs, cachedTokens, promptTokens, completionTokens, error } = report;
        const figures = { ttftMs, cachedTokens, promptTokens, completionTokens };
        const given = Object.fromEntries(Object.entries(figures).filter(([, value]) => typeof value === "number"));
        const failed = error !== undefined && { error: true };
        this.#begin({ do: "end", ...idOf(hold), how: hold.end, ...given, ...failed, queueLength });
        return;
      }
      case "left":
        // Within something else it is what came of that.
        if (this.#open.length > 0) {
          const line = this.#open.at(-1)!;
          if (line.origin === event.origin) line.refused = true;
          return;
        }
        this.#put({
          do: "leave",
          ...idOf(event),
          why: event.error instanceof QueueTimeoutError ? "timeout" : "aborted",
        });
        return;
      case "replicas":
        this.#begin({ do: "replicas", list: event.list.map(recordedReplica) });
        return;
      case "load":
        this.#load(event.replica, event.load, event.atS);
        this.#open.push(SILENT);
        return;
      case "swept":
        this.#begin({ do: "sweep" });
        return;
      case "settled":
        this.#end();
        return;
    }
  }

  #begin(fields: object, origin: Origin | null = null): void {
    this.#open.push({ fields, origin, refused: false, times: [], leases: [] });
  }

  #end(): void {
    const line = this.#open.pop();
    if (line === undefined || line === SILENT) return;
    const { fields, refused, times, leases } = line;
    this.#put({
      ...fields,
      ...(refused && { refused }),
      ...(times.length > 0 && { t: times.length === 1 ? times[0] : times }),
      ...(leases.length > 0 && { to: leases }),
    });
  }

  #load(replica: string, { running, waiting, kvUsage }: ReplicaLoad, at: number): void {
    this.#put({ do: "load", replica, running, waiting, ...(kvUsage !== null && { kvUsage }), at });
  }

  #put(line: object): void {
    this.#write(`${JSON.stringify(line).replace(LINE_ENDS, escaped)}\n`);
    this.lines++;
  }

  #request({ call, origin, key, request, options }: Arrival): object {
    const { exclude = NOBODY, labels } = options;
    const excluded = [...exclude];
    const name = (text: string): string => this.#hashes?.ofName(text) ?? text;
    return {
      do: call,
      ...idOf({ origin }),
      ...(this.#hashes === null ? textOf(key) : hashesOf(key, this.#hashes)),
      ...(key.namespace !== "" && { ns: name(key.namespace) }),
      ...(key.session !== null && { session: name(key.session) }),
      model: modelOf(request, options.model),
      ...(excluded.length > 0 && { exclude: excluded }),
      ...(labels !== undefined && { labels }),
    };
  }
}

interface Line {
  readonly fields: object;
  /** Of a request that comes. */
  readonly origin: Origin | null;
  refused: boolean;
  readonly times: number[];
  readonly leases: (readonly [number, number, string, string])[];
}

const NOBODY: ReadonlySet<string> = new Set();

/** Of an event that has been written already. */
const SILENT: Line = { fields: {}, origin: null, refused: false, times: [], leases: [] };

/** JSON has them as they are, but readline ends a line at them. */
const LINE_ENDS = /[\u2028\u2029]/g;

function escaped(lineEnd: string): string {
  return `\\u${lineEnd.charCodeAt(0).toString(16)}`;
}

function idOf({ origin: { arrival, rejections } }: Pick<Hold, "origin">): { id: number; try?: number } {
  return rejections === 0 ? { id: arrival } : { id: arrival, try: rejections };
}

function textOf({ text, tokens, affinity }: Key): object {
  if (tokens !== null) return { tokens };
  if (text === "") return {};
  // A replay takes the text itself for the first user message where it is told nothing else.
  return new Key("", "", null, text, null).affinity === affinity ? { text } : { text, opening: affinity };
}

function hashesOf({ text, tokens, chars, affinity }: Key, hashes: BlockHashes): object {
  if (tokens !== null) return { blocks: hashes.ofTokens(tokens), chars, ids: true };
  if (text === "") return {};
  return { blocks: hashes.ofText(text), chars, opening: hashes.ofName(affinity) };
}

function recordedOptions(options: RouterOptions, policy: string): object {
  const table = typeof options.policy === "string" ? POLICIES[options.policy].options : {};
  const settings = { seed: 0, insertAt: "choice", ...settingsOf(options), ...options };
  return {
    policy,
    ...Object.fromEntries(RECORDED_OPTIONS.map((name) => [name, settings[name]])),
    ...valuesOf(table, options),
  };
}

function recordedReplica({
  id,
  maxOngoingRequests,
  model,
  labels,
  node,
  zone,
}: Replica | ReplicaOptions): JournalReplica {
  const limit = maxOngoingRequests === Number.POSITIVE_INFINITY ? undefined : maxOngoingRequests;
  return JSON.parse(JSON.stringify({ id, maxOngoingRequests: limit, model, labels, node, zone }));
}
