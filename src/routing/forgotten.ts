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

/** Milliseconds for which new leases are held before the garbage collector is to watch them. Most answers to short questions are over by then. */
const YOUNG_MS = 100;
/** At most so many wait for that. */
const MOST_YOUNG = 1024;

/**
 * Ends the leases that nobody holds any more, and tells of each. Having the garbage collector watch a lease costs 0.4 µs, and as much again
 * when it collects: so only those that have lived for a while are watched.
 */
export class ForgottenLeases {
  readonly #registry: FinalizationRegistry<Hold>;
  /** Those not watched yet, each at its hold's place `young`; null once it has ended. */
  readonly #leases: (object | null)[] = [];
  readonly #holds: (Hold | null)[] = [];
  #timer: unknown = null;

  constructor(tell: (lease: ForgottenLease) => void) {
    this.#registry = new FinalizationRegistry((hold) => {
      if (hold.end !== null) return;
      const { replica, timeS, accepted } = hold;
      hold.forgotten();
      tell({ replica: replica.id, timeS, accepted });
    });
  }

  watch(lease: object, hold: Hold): void {
    hold.young = this.#leases.push(lease) - 1;
    this.#holds.push(hold);
    if (hold.young === 0) this.#timer = later(this.watchAll, YOUNG_MS);
    // A Worker's timers may end with the request that has set them.
    else if (hold.young === MOST_YOUNG) this.watchAll();
  }

  ended(hold: Hold): void {
    if (hold.young === null) {
      this.#registry.unregister(hold);
      return;
    }
    this.#leases[hold.young] = null;
    this.#holds[hold.young] = null;
  }

  /** Has those watched that are not yet, at once: no timer stays. */
  readonly watchAll = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer as ReturnType<typeof setTimeout>);
    this.#timer = null;
    this.#leases.forEach((lease, i) => {
      if (lease === null) return;
      const hold = this.#holds[i]!;
      hold.young = null;
      this.#registry.register(lease, hold, hold);
    });
    this.#leases.length = 0;
    this.#holds.length = 0;
  };
}

/** Calls back, unless the process ends before: it is not kept from that. At once where there are no timers now, as while a Worker loads. */
function later(callback: () => void, ms: number): unknown {
  try {
    const timer: unknown = setTimeout(callback, ms);
    const { Deno } = globalThis as { Deno?: { unrefTimer?(timer: unknown): void } };
    if (typeof timer === "object") (timer as { unref?(): void }).unref?.();
    else Deno?.unrefTimer?.(timer);
    return timer;
  } catch {
    callback();
    return null;
  }
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
