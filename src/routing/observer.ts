import type { PrefixTree } from "../tree/index.js";
import { NoReplicaError, QueueFullError, QueueTimeoutError } from "./errors.js";
import type { Hold, Origin } from "./hold.js";
import type { LeaseReport, RouterLease } from "./lease.js";
import type { Replica } from "./replica.js";
import type { TrackingRow, TurnedAwayRow } from "./tracking-rows.js";
import type { RouterEvent } from "./watch.js";

/** What is observed. */
export interface Observed {
  readonly replicas: readonly Replica[];
  readonly tree: PrefixTree | null;
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

/** Makes rows of what a router's watch hears. */
export class Observer {
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
