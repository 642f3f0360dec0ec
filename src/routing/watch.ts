import type { CandidateOptions } from "./candidates.js";
import type { Hold, Origin } from "./hold.js";
import type { LeaseReport, RouterLease } from "./lease.js";
import type { Replica, ReplicaLoad, ReplicaOptions } from "./replica.js";
import type { Key, RouteRequest } from "./request-key.js";

/**
 * Hears of everything that happens in a router: the journal and the tracking are made of it. It must not throw, call the router
 * or keep a key's text. A router that nobody watches makes no event.
 */
export type Watch = (event: RouterEvent) => void;

export type RouterEvent =
  /** The router's clock was read. */
  | { readonly what: "read"; readonly timeS: number }
  // What comes from outside, and ends with "settled".
  | Arrival
  /** The backoff of a request that was put back is over. */
  | { readonly what: "returned"; readonly origin: Origin }
  | { readonly what: "accepted"; readonly hold: Hold }
  | { readonly what: "firstToken"; readonly hold: Hold }
  /** Its key still has the text when it was rejected. */
  | { readonly what: "ended"; readonly hold: Hold; readonly report: LeaseReport; readonly queueLength?: number }
  | { readonly what: "replicas"; readonly list: readonly ReplicaOptions[] }
  | { readonly what: "load"; readonly replica: string; readonly load: ReplicaLoad; readonly atS: number }
  /** The policy does what it does every so often. */
  | { readonly what: "swept" }
  // What comes of it.
  /** The policy is asked for a choice that may become a lease. */
  | { readonly what: "asked"; readonly origin: Origin }
  | { readonly what: "answered"; readonly origin: Origin }
  /** The request waits, and is meant for this replica. */
  | { readonly what: "meant"; readonly origin: Origin; readonly replica: Replica }
  | { readonly what: "leased"; readonly lease: RouterLease; readonly hold: Hold }
  /** The request has gone without a lease; outside of any other event when its time was over or its signal aborted. */
  | { readonly what: "left"; readonly origin: Origin; readonly error: unknown }
  | typeof SETTLED
  | { readonly what: "disposed" };

/** A request comes, for the first time or after a rejection. */
export interface Arrival {
  readonly what: "arrived";
  readonly call: "route" | "acquire";
  readonly origin: Origin;
  readonly key: Key;
  readonly request: RouteRequest;
  readonly options: CandidateOptions & { model?: string };
}

/** What began last from outside is over. */
export const SETTLED = { what: "settled" } as const;

/** Those who watch one router. */
export class Watchers {
  #all: readonly Watch[] = [];
  readonly #changed: (watch: Watch | null) => void;

  /** @param changed is given what calls them all, null when there is none. */
  constructor(changed: (watch: Watch | null) => void) {
    this.#changed = changed;
  }

  add(watch: Watch): void {
    this.#set([...this.#all, watch]);
  }

  remove(watch: Watch): void {
    this.#set(this.#all.filter((each) => each !== watch));
  }

  #set(all: readonly Watch[]): void {
    this.#all = all;
    if (all.length <= 1) {
      this.#changed(all[0] ?? null);
      return;
    }
    this.#changed((event) => {
      for (const watch of all) watch(event);
    });
  }
}

/**
 * Runs what a watcher does as long as it watches. What that throws would be taken within the router for a failure of the request:
 * it ends the watching instead, and the console says so.
 */
export function untilItFails(isOver: () => boolean, stop: () => void, told: string): (work: () => void) => void {
  return (work) => {
    if (isOver()) return;
    try {
      work();
    } catch (error) {
      stop();
      console.error(`warmroute: ${told}:`, error);
    }
  };
}
