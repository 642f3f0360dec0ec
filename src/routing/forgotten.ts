import type { Hold } from "./hold.js";

/** A lease that was collected as garbage before it had ended. */
export interface ForgottenLease {
  /** The replica's id. */
  readonly replica: string;
  /** When it was made, in seconds by the router's clock. */
  readonly timeS: number;
  /** Whether the replica had taken the request. */
  readonly accepted: boolean;
}

/** Of leases that begin in one turn of the event loop, so many may wait for its end. */
const MOST_YOUNG = 1024;

/**
 * Ends the leases that nobody holds any more, and tells of each. Having the garbage collector watch a lease costs 0.4 µs: that is done
 * at the end of the turn of the event loop in which it began, outside of `route()`, and not at all if it has ended by then.
 */
export class ForgottenLeases {
  readonly #registry: FinalizationRegistry<Hold>;
  readonly #young: ({ readonly lease: object; readonly hold: Hold } | null)[] = [];

  constructor(tell: (lease: ForgottenLease) => void) {
    this.#registry = new FinalizationRegistry((hold) => {
      if (hold.end !== null) return;
      const { replica, timeS, accepted } = hold;
      hold.forgotten();
      tell({ replica: replica.id, timeS, accepted });
    });
  }

  watch(lease: object, hold: Hold): void {
    hold.young = this.#young.push({ lease, hold }) - 1;
    if (hold.young === 0) queueMicrotask(this.#register);
    else if (this.#young.length === MOST_YOUNG) this.#register();
  }

  ended(hold: Hold): void {
    if (hold.young === null) this.#registry.unregister(hold);
    else this.#young[hold.young] = null;
  }

  readonly #register = (): void => {
    for (const each of this.#young) {
      if (each === null) continue;
      each.hold.young = null;
      this.#registry.register(each.lease, each.hold, each.hold);
    }
    this.#young.length = 0;
  };
}

/** Null where the runtime cannot tell. */
export function watchForgotten(tell: (lease: ForgottenLease) => void): ForgottenLeases | null {
  return typeof FinalizationRegistry === "function" ? new ForgottenLeases(tell) : null;
}

export function reportForgotten({ replica, accepted }: ForgottenLease): void {
  const state = accepted ? "accepted" : "neither accepted nor rejected";
  console.error(
    `warmroute: a lease on replica ${JSON.stringify(replica)} (${state}) was never released; its place is free again`,
  );
}
