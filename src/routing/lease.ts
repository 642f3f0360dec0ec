import type { Decision } from "./decision.js";
import type { Hold, LeaseGround, Origin } from "./hold.js";
import type { Replica } from "./replica.js";
import { shown } from "./shown.js";

/** What is known of a response when it ends. What is not known is left out, undefined or null. */
export interface LeaseReport {
  /** Milliseconds to the first token. Default: from the choice to `firstToken()`, if that was called. */
  ttftMs?: number | null | undefined;
  /** Tokens of the prompt that the replica had in its cache (`usage.prompt_tokens_details.cached_tokens`). */
  cachedTokens?: number | null | undefined;
  promptTokens?: number | null | undefined;
  completionTokens?: number | null | undefined;
  /** What went wrong, if something did. */
  error?: unknown;
}

/**
 * How a lease ended: `released` by its holder, `rejected` by the replica, `aborted` by its signal, `idle` for too long, or
 * `forgotten`: collected as garbage before it was released.
 */
export type LeaseEnd = "released" | "rejected" | "aborted" | "idle" | "forgotten";

/**
 * A place on a replica, held from the choice to the end of the response. However it ends, it counts once: calls on a lease that
 * has ended do nothing.
 */
export interface Lease {
  readonly replica: Replica;
  readonly decision: Decision;
  /** Whether it still counts. */
  readonly live: boolean;
  /** How it ended; null while it is live. */
  readonly end: LeaseEnd | null;
  /** The replica has taken the request. A second call does nothing. */
  accept(): void;
  /**
   * The replica has not taken the request: ends the lease, and takes back what the choice newly added to the tree. To put the
   * request back: `router.acquire(request, { retryOf: lease })`.
   * @param report the queue length that the replica gave, if any. What it has beyond this router's own leases counts in its load
   * for `loadValidSecs` or until its next report; `queueLength` stays the number of leases.
   * @throws Error after `accept`: a request that has been taken cannot be rejected.
   * @throws RangeError for a queue length that is not a whole number, 0 or more; the lease stays.
   */
  reject(report?: { queueLength?: number }): void;
  /** The first piece of the answer has arrived; so the request was accepted. A second call does nothing. */
  firstToken(): void;
  /** A sign of life, for the router's `leaseIdleSecs`: its time begins anew, as it does with `accept` and `firstToken`. */
  touch(): void;
  /**
   * Ends the lease: the response is over, or has failed, or was never asked for.
   * @throws Error when it was called before. (After any other end it does nothing.)
   * @throws TypeError or RangeError for a report with a value that is not a number, 0 or more; the lease stays.
   */
  release(report?: LeaseReport): void;
  /** As `release` without a report, and nothing if it has ended: for `using lease = router.route(request)`. */
  [Symbol.dispose](): void;
}

/** The caller's end of it. */
export class RouterLease implements Lease {
  readonly replica: Replica;
  readonly decision: Decision;
  readonly #hold: Hold;

  constructor(hold: Hold, decision: Decision) {
    this.replica = hold.replica;
    this.decision = decision;
    this.#hold = hold;
  }

  /**
   * The origin of a request that is put back after this lease was rejected.
   * @throws TypeError for any other lease, and the second time.
   */
  static takeBack(lease: unknown, ground: LeaseGround): Origin {
    const hold = typeof lease === "object" && lease !== null && #hold in lease ? lease.#hold : null;
    if (hold === null || hold.end !== "rejected" || hold.putBack) {
      const given = hold === null ? shown(lease) : hold.putBack ? "one put back already" : (hold.end ?? "a live one");
      throw new TypeError(`retryOf must be a lease that was rejected, not ${given}`);
    }
    if (!hold.isOf(ground)) throw new TypeError("retryOf must be a lease of this router");
    hold.putBack = true;
    const { origin } = hold;
    return { arrival: origin.arrival, rejections: origin.rejections + 1, after: origin };
  }

  get live(): boolean {
    return this.#hold.end === null;
  }

  get end(): LeaseEnd | null {
    return this.#hold.end;
  }

  accept(): void {
    this.#hold.accept();
  }

  reject({ queueLength }: { queueLength?: number } = {}): void {
    this.#hold.reject(queueLength);
  }

  firstToken(): void {
    this.#hold.firstToken();
  }

  touch(): void {
    this.#hold.touch();
  }

  release(report?: LeaseReport): void {
    this.#hold.release(report);
  }

  [Symbol.dispose](): void {
    if (this.live) this.#hold.release(undefined);
  }
}
