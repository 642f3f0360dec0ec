import type { Decision } from "./decision.js";
import type { Policy, Route } from "./policies/policy.js";
import type { Replica } from "./replica.js";

/**
 * A place on a replica, held from the choice to the end of the response. However it ends, and whatever is called how often and
 * in which order afterwards, it counts once: calls on a lease that has ended do nothing.
 */
export interface Lease {
  readonly replica: Replica;
  readonly decision: Decision;
  /** Whether it still counts. */
  readonly live: boolean;
  /** The replica has taken the request. A second call does nothing. */
  accept(): void;
  /**
   * The replica has not taken the request: ends the lease, and takes back what the choice newly added to the tree.
   * @param report the queue length that the replica gave, if any: it counts in this replica's load for 10 seconds.
   * @throws Error after `accept`: a request that has been taken cannot be rejected.
   * @throws RangeError for a queue length that is not a whole number, 0 or more; the lease stays.
   */
  reject(report?: { queueLength?: number }): void;
  /** Ends the lease: the response is over, or has failed, or was never asked for. */
  release(): void;
  /** As `release`. */
  [Symbol.dispose](): void;
}

/** @internal */
export class RouterLease implements Lease, Route {
  readonly replica: Replica;
  readonly decision: Decision;
  readonly timeS: number;
  text: string;
  memo: unknown = null;
  readonly #policy: Policy;
  readonly #isOver: () => boolean;
  readonly #clock: () => number;
  #accepted = false;
  #live = true;

  /** @param isOver whether the router has been disposed of; then the policy hears of nothing more. */
  constructor(
    replica: Replica,
    decision: Decision,
    text: string,
    timeS: number,
    policy: Policy,
    clock: () => number,
    isOver: () => boolean,
  ) {
    this.replica = replica;
    this.decision = decision;
    this.text = text;
    this.timeS = timeS;
    this.#policy = policy;
    this.#clock = clock;
    this.#isOver = isOver;
    policy.onRouted?.(this);
    replica.leased();
  }

  get live(): boolean {
    return this.#live;
  }

  accept(): void {
    if (!this.#live || this.#accepted) return;
    this.#accepted = true;
    if (!this.#isOver()) this.#policy.onAccepted?.(this);
    this.text = "";
  }

  reject({ queueLength }: { queueLength?: number } = {}): void {
    if (!this.#live) return;
    if (this.#accepted) throw new Error(`replica ${JSON.stringify(this.replica.id)} has accepted the request already`);
    if (queueLength !== undefined && !(Number.isInteger(queueLength) && queueLength >= 0)) {
      throw new RangeError(`queueLength must be a whole number, 0 or more, not ${String(queueLength)}`);
    }
    if (!this.#isOver()) this.#policy.onRejected?.(this);
    this.release();
    if (queueLength !== undefined) this.replica.reported(queueLength, this.#clock());
  }

  release(): void {
    if (!this.#live) return;
    this.#live = false;
    this.text = "";
    this.replica.ended();
    if (!this.#isOver()) this.#policy.onReleased?.(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
