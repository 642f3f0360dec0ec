import type { PrefixTree } from "../tree/index.js";
import { checkNumber } from "./checks.js";
import type { DecisionReason } from "./decision.js";
import { NoReplicaError, QueueFullError, QueueTimeoutError } from "./errors.js";
import type { Hold, LeaseEnd, LeaseReport, Origin, RouterLease } from "./lease.js";
import { Repeater } from "./repeater.js";
import type { Replica } from "./replica.js";
import { shown } from "./shown.js";
import type { Timers } from "./timers.js";
import type { RouterEvent, Watchers } from "./watch.js";

/** What a router tells of its work: one row of the table that `row` names. Times are seconds by the router's clock. */
export type TrackingRow = LoadRow | CharsRow | DecisionRow | EndRow | TurnedAwayRow | EvictionRow;

/** At every interval, of each replica. */
export interface LoadRow {
  readonly row: "load";
  readonly timeS: number;
  readonly replica: string;
  /** This router's live leases. */
  readonly queueLength: number;
  /** What policies compare (`Replica.load`). */
  readonly load: number;
  /** What it last reported of itself; null when it has not, or too long ago. */
  readonly running: number | null;
  readonly waiting: number | null;
  readonly kvUsage: number | null;
}

/** At every interval, of each replica that has a part of the tree: the characters of it. */
export interface CharsRow {
  readonly row: "chars";
  readonly timeS: number;
  readonly replica: string;
  readonly chars: number;
}

/** The stages of a request in the router, by the `stopwatch`, in seconds. */
export interface Stages {
  /** The router was called. */
  readonly receivedS: number;
  /** The policy was asked for the choice: the request was read, and has waited for a place if it had to. */
  readonly askedS: number;
  /** It has answered: matched, and applied its rule. */
  readonly matchedS: number;
  /** There is a lease: the place is taken, and the text in the tree. */
  readonly chosenS: number;
}

/** A request has been given a replica. */
export interface DecisionRow extends Stages {
  readonly row: "decision";
  readonly timeS: number;
  /** The request's number. */
  readonly request: number;
  /** How often it had been rejected before. */
  readonly attempt: number;
  readonly policy: string;
  /** The replica that it was first meant for, by the policy's first answer; null where a request waited and the policy was not asked. */
  readonly intended: string | null;
  /** The one that it has got. */
  readonly replica: string;
  readonly reason: DecisionReason;
  readonly textChars: number;
  readonly matchedChars: number;
  readonly matchRate: number;
  readonly hitAvailable: number | null;
  readonly hitChosen: number | null;
}

/** A lease has ended. Stages that did not come are null. */
export interface EndRow extends Stages {
  readonly row: "end";
  readonly timeS: number;
  readonly request: number;
  readonly attempt: number;
  readonly replica: string;
  readonly end: LeaseEnd;
  /** Whether its report had an error. */
  readonly failed: boolean;
  /** The replica had accepted the request. */
  readonly sentS: number | null;
  readonly firstTokenS: number | null;
  readonly endedS: number;
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
  readonly completionTokens: number | null;
}

/** A request has gone without a replica. */
export interface TurnedAwayRow {
  readonly row: "turned_away";
  readonly timeS: number;
  readonly request: number;
  readonly attempt: number;
  readonly intended: string | null;
  readonly why: "no_replica" | "queue_full" | "queue_timeout" | "aborted" | "error";
  readonly receivedS: number;
  readonly endedS: number;
}

/** The tree has let something go since the last such row: for want of room, by age, or by the eviction loop. */
export interface EvictionRow {
  readonly row: "evictions";
  readonly timeS: number;
  readonly cause: "pressure" | "expiry" | "sweep";
  /** How often. */
  readonly evictions: number;
  /** Characters that went. */
  readonly chars: number;
}

/** How a router is tracked. */
export interface ObserveOptions {
  /** Seconds between two rows of load, characters and evictions. Default: 1. */
  everySecs?: number;
  /** Times the stages, in seconds: `() => performance.now() / 1000`. Default: the router's clock, whose steps may be too long. */
  stopwatch?: () => number;
}

/** Tracking, until it is stopped. */
export interface Observation {
  /** Ends it, with the rows of a last interval; a second call does nothing. */
  stop(): void;
  /** As `stop`. */
  [Symbol.dispose](): void;
}

/** What is observed. */
export interface Observed {
  readonly replicas: readonly Replica[];
  readonly tree: PrefixTree | null;
}

/** @throws TypeError or RangeError that names the option, its value and what is accepted. */
export function checkObserve(observe: unknown, options: ObserveOptions): void {
  if (typeof observe !== "function") throw new TypeError(`observe must be a function, not ${shown(observe)}`);
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`options must be an object, not ${shown(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (name !== "everySecs" && name !== "stopwatch") {
      throw new TypeError(`unknown option ${shown(name)}; there are everySecs, stopwatch`);
    }
  }
  const { everySecs, stopwatch } = options;
  checkNumber("everySecs", everySecs, (n) => n > 0 && n <= 2_147_483, "above 0 and at most 2147483");
  if (stopwatch !== undefined && typeof stopwatch !== "function") {
    throw new TypeError(`stopwatch must be a function that gives seconds, not ${shown(stopwatch)}`);
  }
}

/** Begins to track. What `observe` throws ends it. */
export function startObserving(
  watchers: Watchers,
  observed: Observed,
  observe: (row: TrackingRow) => void,
  time: { readonly clock: () => number; readonly timers: Timers },
  { everySecs = 1, stopwatch = time.clock }: ObserveOptions,
): Observation {
  let stopped = false;
  const tell = (row: TrackingRow): void => {
    if (stopped) return;
    try {
      observe(row);
    } catch (error) {
      stop();
      console.error("warmroute: the tracking ends here, since its callback failed:", error);
    }
  };
  const observer = new Observer(observed, tell, time.clock, stopwatch);
  const repeater = new Repeater(time.timers, (work) => work(0));
  const watch = (event: RouterEvent): void => {
    if (event.what === "disposed") stop();
    else observer.hear(event);
  };
  const stop = (): void => {
    stopped = true;
    repeater.stop();
    watchers.remove(watch);
  };
  watchers.add(watch);
  repeater.every(everySecs, () => observer.sample());
  const end = (): void => {
    if (stopped) return;
    observer.sample();
    stop();
  };
  return { stop: end, [Symbol.dispose]: end };
}

interface Tracked {
  intended: string | null;
  receivedS: number;
  askedS: number;
  matchedS: number;
  chosenS: number;
  sentS: number | null;
  firstTokenS: number | null;
}

class Observer {
  readonly #observed: Observed;
  readonly #tell: (row: TrackingRow) => void;
  readonly #clock: () => number;
  readonly #stopwatch: () => number;
  /** Of what came before the tracking began nothing is known. */
  readonly #tracked = new WeakMap<Origin, Tracked>();
  #evicted: Readonly<Record<"pressure" | "expiry", Evicted>>;
  /** The request that comes at this moment. */
  #arriving: Origin | null = null;
  /** `charsOf` the tree before a sweep that has begun. */
  #charsBeforeSweep: number | null = null;

  constructor(observed: Observed, tell: (row: TrackingRow) => void, clock: () => number, stopwatch: () => number) {
    this.#observed = observed;
    this.#tell = tell;
    this.#clock = clock;
    this.#stopwatch = stopwatch;
    this.#evicted = evictedOf(observed.tree);
  }

  hear(event: RouterEvent): void {
    switch (event.what) {
      case "arrived": {
        const nowS = this.#stopwatch();
        this.#arriving = event.origin;
        const { after } = event.origin;
        const intended = after === null ? null : (this.#tracked.get(after)?.intended ?? null);
        const never = { sentS: null, firstTokenS: null };
        this.#tracked.set(event.origin, {
          intended,
          receivedS: nowS,
          askedS: nowS,
          matchedS: nowS,
          chosenS: nowS,
          ...never,
        });
        return;
      }
      case "asked":
        this.#stamp(event.origin, "askedS");
        return;
      case "answered":
        this.#stamp(event.origin, "matchedS");
        return;
      case "meant": {
        const tracked = this.#tracked.get(event.origin);
        if (tracked !== undefined) tracked.intended ??= event.replica.id;
        return;
      }
      case "leased":
        this.#leased(event.lease, event.hold);
        return;
      case "accepted":
        this.#stamp(event.hold.origin, "sentS");
        return;
      case "firstToken":
        this.#stamp(event.hold.origin, "firstTokenS");
        return;
      case "ended":
        this.#ended(event.hold, event.report);
        return;
      case "left":
        this.#left(event.origin, event.error);
        return;
      case "swept":
        this.#charsBeforeSweep = charsOf(this.#observed.tree);
        return;
      case "settled":
        this.#arriving = null;
        if (this.#charsBeforeSweep !== null) this.#swept(this.#charsBeforeSweep);
    }
  }

  /** Tells what there is at this moment. */
  sample(): void {
    const { replicas, tree } = this.#observed;
    const timeS = this.#clock();
    for (const replica of replicas) {
      const { running, waiting, kvUsage } = replica.reported(timeS) ?? NOT_REPORTED;
      const { id, queueLength } = replica;
      this.#tell({
        row: "load",
        timeS,
        replica: id,
        queueLength,
        load: replica.load(timeS),
        running,
        waiting,
        kvUsage,
      });
    }
    for (const [replica, chars] of tree?.tenantToCharCount ?? []) this.#tell({ row: "chars", timeS, replica, chars });
    const before = this.#evicted;
    this.#evicted = evictedOf(tree);
    for (const cause of ["pressure", "expiry"] as const) {
      const evictions = this.#evicted[cause].evictions - before[cause].evictions;
      const chars = this.#evicted[cause].chars - before[cause].chars;
      if (evictions > 0) this.#tell({ row: "evictions", timeS, cause, evictions, chars });
    }
  }

  #stamp(origin: Origin, stage: "askedS" | "matchedS" | "sentS" | "firstTokenS"): void {
    const tracked = this.#tracked.get(origin);
    if (tracked !== undefined) tracked[stage] = this.#stopwatch();
  }

  #leased({ decision }: RouterLease, { origin, timeS }: Hold): void {
    const tracked = this.#tracked.get(origin);
    if (tracked === undefined) return;
    tracked.chosenS = this.#stopwatch();
    const { policy, replica, reason, textChars, matchedChars, matchRate, hitAvailable, hitChosen } = decision;
    // One that has waited has been told what it is meant for, or nobody asked.
    if (origin === this.#arriving) tracked.intended ??= replica;
    const { intended, receivedS, askedS, matchedS, chosenS } = tracked;
    this.#tell({
      row: "decision",
      timeS,
      request: origin.arrival,
      attempt: origin.rejections,
      policy,
      intended,
      replica,
      reason,
      textChars,
      matchedChars,
      matchRate,
      hitAvailable,
      hitChosen,
      receivedS,
      askedS,
      matchedS,
      chosenS,
    });
  }

  #ended({ origin, replica, end }: Hold, report: LeaseReport): void {
    const tracked = this.#tracked.get(origin);
    if (tracked === undefined) return;
    const { receivedS, askedS, matchedS, chosenS, sentS, firstTokenS } = tracked;
    const { promptTokens = null, cachedTokens = null, completionTokens = null, error } = report;
    this.#tell({
      row: "end",
      timeS: this.#clock(),
      request: origin.arrival,
      attempt: origin.rejections,
      replica: replica.id,
      end: end!,
      failed: error !== undefined,
      receivedS,
      askedS,
      matchedS,
      chosenS,
      sentS,
      firstTokenS,
      endedS: this.#stopwatch(),
      promptTokens,
      cachedTokens,
      completionTokens,
    });
  }

  #left(origin: Origin, error: unknown): void {
    const tracked = this.#tracked.get(origin);
    if (tracked === undefined) return;
    const { intended, receivedS } = tracked;
    this.#tell({
      row: "turned_away",
      timeS: this.#clock(),
      request: origin.arrival,
      attempt: origin.rejections,
      intended,
      why: whyOf(error, this.#arriving === null),
      receivedS,
      endedS: this.#stopwatch(),
    });
  }

  #swept(before: number): void {
    this.#charsBeforeSweep = null;
    const chars = before - charsOf(this.#observed.tree);
    if (chars > 0) this.#tell({ row: "evictions", timeS: this.#clock(), cause: "sweep", evictions: 1, chars });
  }
}

interface Evicted {
  readonly evictions: number;
  readonly chars: number;
}

const NOT_REPORTED = { running: null, waiting: null, kvUsage: null };

function evictedOf(tree: PrefixTree | null): Record<"pressure" | "expiry", Evicted> {
  if (tree === null) return { pressure: { evictions: 0, chars: 0 }, expiry: { evictions: 0, chars: 0 } };
  const { pressureEvictions, pressureEvictedChars, expiryEvictions, expiryEvictedChars } = tree.stats();
  return {
    pressure: { evictions: pressureEvictions, chars: pressureEvictedChars },
    expiry: { evictions: expiryEvictions, chars: expiryEvictedChars },
  };
}

/** Characters in the tree, and those that went by age: what a sweep takes is the difference. */
function charsOf(tree: PrefixTree | null): number {
  if (tree === null) return 0;
  const { chars, expiryEvictedChars } = tree.stats();
  return chars + expiryEvictedChars;
}

/** @param waited outside of everything else a wait ends by its time or its signal. */
function whyOf(error: unknown, waited: boolean): TurnedAwayRow["why"] {
  if (error instanceof NoReplicaError) return "no_replica";
  if (error instanceof QueueFullError) return "queue_full";
  if (error instanceof QueueTimeoutError) return "queue_timeout";
  return waited ? "aborted" : "error";
}
