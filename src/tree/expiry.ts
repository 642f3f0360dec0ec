import type { TreeCore } from "./core.js";
import type { Evictions } from "./evictions.js";

/**
 * Entries older than `ttlSecs` are gone. The time is the latest that a call has given: it never runs backwards, so that the oldest
 * insert call is also the oldest in time, and what has expired lies at the old end, unit by unit. (In a tree restored from one that had
 * no `ttlSecs`, and whose times ran backwards, an entry goes when all inserts before its own have gone, too.)
 */
export class Expiry {
  readonly #core: TreeCore;
  readonly #evictions: Evictions;
  readonly #ttlSecs: number;
  #latest = Number.NEGATIVE_INFINITY;

  constructor(core: TreeCore, evictions: Evictions, ttlSecs: number) {
    this.#core = core;
    this.#evictions = evictions;
    this.#ttlSecs = ttlSecs;
  }

  /** The latest time given; -Infinity before the first. */
  get latestS(): number {
    return this.#latest;
  }

  /** Goes on from the time of a tree that this one has been made from, unless its own is later. */
  goOnFrom(latestS: number): void {
    this.#latest = Math.max(this.#latest, latestS);
  }

  /**
   * Removes what has expired by this time: O(1) an entry, O(log tenants) a unit.
   * @param onRemoved is told of each unit: the tenant's address and its characters.
   * @returns the time that counts: a later one if it has been given before.
   */
  advanceTo(timeS: number, onRemoved?: (address: number, chars: number) => void): number {
    if (timeS > this.#latest) this.#latest = timeS;
    const before = this.#latest - this.#ttlSecs;
    for (let address = this.#next(before); address !== 0; address = this.#next(before)) {
      const chars = this.#evictions.note(address, "expiry");
      onRemoved?.(address, chars);
    }
    return this.#latest;
  }

  #next(before: number): number {
    return this.#core.evict_before(before) >>> 0;
  }
}
