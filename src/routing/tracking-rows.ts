import type { DecisionReason } from "./decision.js";
import type { LeaseEnd } from "./lease.js";

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
