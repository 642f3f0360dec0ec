import type { Excluded, Exclusion } from "./candidates.js";

/** No replica can be chosen for a request. */
export class NoReplicaError extends Error {
  /** How many replicas the router has. */
  readonly replicas: number;
  /** How many of them have no room; the others are no candidates for this request. */
  readonly full: number;

  /** @internal */
  constructor(replicas: number, excluded: Excluded | null) {
    super(
      replicas === 0
        ? "there is no replica to choose"
        : `none of ${replicas} replicas can be chosen: ${told(excluded)}`,
    );
    this.name = "NoReplicaError";
    this.replicas = replicas;
    this.full = excluded?.count("full") ?? 0;
  }
}

/** The policy cannot be asked what it would do: one of the user's own, without `preview`. */
export class NoPreviewError extends Error {
  /** The policy's name. */
  readonly policy: string;

  /** @internal */
  constructor(policy: string) {
    super(`the policy ${policy} has no preview: it cannot be asked without a trace what it would choose`);
    this.name = "NoPreviewError";
    this.policy = policy;
  }
}

/** As many requests wait as may. */
export class QueueFullError extends Error {
  /** How many wait. */
  readonly waiting: number;
  readonly maxQueuedRequests: number;
  /** How many replicas the router has. */
  readonly replicas: number;

  /** @internal */
  constructor(waiting: number, maxQueuedRequests: number, replicas: number) {
    super(
      `no place to wait in: ${waiting} requests wait for ${replicas} replicas, and maxQueuedRequests is ${maxQueuedRequests}`,
    );
    this.name = "QueueFullError";
    this.waiting = waiting;
    this.maxQueuedRequests = maxQueuedRequests;
    this.replicas = replicas;
  }
}

/** A request has waited for its time, and no replica had room for it. */
export class QueueTimeoutError extends Error {
  readonly timeoutMs: number;
  /** Requests that had come before it and still wait. */
  readonly ahead: number;
  /** Requests that still wait. */
  readonly waiting: number;
  /** How many replicas the router has. */
  readonly replicas: number;
  /** How many of them have no room. */
  readonly full: number;

  /** @internal */
  constructor(numbers: { timeoutMs: number; ahead: number; waiting: number; replicas: number; full: number }) {
    const { timeoutMs, ahead, waiting, replicas, full } = numbers;
    super(
      `no replica took the request within ${timeoutMs} ms: ${full} of ${replicas} are full, ` +
        `${waiting} requests wait, ${ahead} of them before this one`,
    );
    this.name = "QueueTimeoutError";
    this.timeoutMs = timeoutMs;
    this.ahead = ahead;
    this.waiting = waiting;
    this.replicas = replicas;
    this.full = full;
  }
}

const TOLD: readonly (readonly [Exclusion, string])[] = [
  ["full", "full"],
  ["excluded", "excluded"],
  ["other_model", "with another model"],
  ["other_labels", "with other labels"],
];

function told(excluded: Excluded | null): string {
  return TOLD.map(([why, words]) => [excluded?.count(why) ?? 0, words] as const)
    .filter(([count, words]) => count > 0 || words === "full" || words === "excluded")
    .map(([count, words]) => `${count} ${words}`)
    .join(", ");
}
