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
   * @param report the queue length that the replica gave, if any. What it has beyond this router's own leases counts in its load
   * for 10 seconds or until its next report; `queueLength` stays the number of leases.
   * @throws Error after `accept`: a request that has been taken cannot be rejected.
   * @throws RangeError for a queue length that is not a whole number, 0 or more; the lease stays.
   */
  reject(report?: { queueLength?: number }): void;
  /** Ends the lease: the response is over, or has failed, or was never asked for. */
  release(): void;
  /** As `release`. */
  [Symbol.dispose](): void;
}

/** @internal What all leases of one router share. */
export interface LeaseGround {
  readonly policy: Policy;
  readonly clock: () => number;
  /** Once the router is disposed of, the policy hears of nothing more. */
  disposed: boolean;
}

/** @internal */
export class RouterLease implements Lease, Route {
  readonly replica: Replica;
  readonly decision: Decision;
  readonly timeS: number;
  text: string;
  memo: unknown = null;
  readonly #ground: LeaseGround;
  #accepted = false;
  #live = true;

  constructor(ground: LeaseGround, replica: Replica, decision: Decision, text: string, timeS: number) {
    this.replica = replica;
    this.decision = decision;
    this.text = text;
    this.timeS = timeS;
    this.#ground = ground;
    ground.policy.onRouted?.(this);
    // Last: where the policy throws there is no lease, so nothing may count.
    replica.leased();
  }

  get live(): boolean {
    return this.#live;
  }

  accept(): void {
    if (!this.#live || this.#accepted) return;
    this.#accepted = true;
    if (!this.#ground.disposed) this.#ground.policy.onAccepted?.(this);
    this.text = "";
  }

  reject({ queueLength }: { queueLength?: number } = {}): void {
    if (!this.#live) return;
    if (this.#accepted) throw new Error(`replica ${JSON.stringify(this.replica.id)} has accepted the request already`);
    if (queueLength !== undefined && !(Number.isSafeInteger(queueLength) && queueLength >= 0)) {
      throw new RangeError(`queueLength must be a whole number, 0 or more, not ${String(queueLength)}`);
    }
    this.#end();
    if (queueLength !== undefined) this.replica.reported(queueLength, this.#ground.clock());
    if (!this.#ground.disposed) this.#ground.policy.onRejected?.(this);
    this.#settle();
  }

  release(): void {
    if (!this.#live) return;
    this.#end();
    this.#settle();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Before the policy hears of it, so that the place is free whatever the policy does. */
  #end(): void {
    this.#live = false;
    this.replica.ended();
  }

  #settle(): void {
    this.text = "";
    if (!this.#ground.disposed) this.#ground.policy.onReleased?.(this);
  }
}
