import { EVICTED, type TreeCore } from "./core.js";
import type { Eviction } from "./options.js";
import type { Tenants } from "./tenants.js";

type Reason = Eviction["reason"];

/** What the tree has evicted of its own accord: counted, and kept until the call that caused it is over. */
export class Evictions {
  readonly units: Record<Reason, number> = { pressure: 0, expiry: 0 };
  readonly characters: Record<Reason, number> = { pressure: 0, expiry: 0 };
  readonly #core: TreeCore;
  readonly #tenants: Tenants;
  readonly #onEvict: ((eviction: Eviction) => void) | undefined;
  #unreported: Eviction[] = [];

  constructor(core: TreeCore, tenants: Tenants, onEvict: ((eviction: Eviction) => void) | undefined) {
    this.#core = core;
    this.#tenants = tenants;
    this.#onEvict = onEvict;
  }

  /** Notes what the core has just evicted from the tenant at this address. Returns its characters. */
  note(address: number, reason: Reason): number {
    const chars = this.#tenants.words()[EVICTED]!;
    this.units[reason]++;
    this.characters[reason] += chars;
    if (this.#onEvict !== undefined) this.#unreported.push({ tenant: this.#tenants.nameAt(address), chars, reason });
    return chars;
  }

  /** Counts on from those of the tree that this one takes the place of. */
  continue(before: Evictions): void {
    for (const reason of ["pressure", "expiry"] as const) {
      this.units[reason] += before.units[reason];
      this.characters[reason] += before.characters[reason];
    }
  }

  /** Takes over what was evicted from another tree that this one has been made from. */
  adopt(evictions: readonly Eviction[]): void {
    for (const eviction of evictions) {
      this.units[eviction.reason]++;
      this.characters[eviction.reason] += eviction.chars;
      if (this.#onEvict !== undefined) this.#unreported.push(eviction);
    }
  }

  /** Evicts the oldest unit of all. False when nothing is left. */
  evictOldest(): boolean {
    const address = this.#core.evict_before(Number.POSITIVE_INFINITY) >>> 0;
    if (address !== 0) this.note(address, "pressure");
    return address !== 0;
  }

  /**
   * To be called when the tree is whole again: the callback may use it. If the callback throws, it hears of the rest all the same,
   * and what it threw first is passed on.
   */
  report(): void {
    if (this.#unreported.length > 0) this.#tell();
  }

  #tell(): void {
    const evictions = this.#unreported;
    this.#unreported = [];
    const errors: unknown[] = [];
    for (const eviction of evictions) {
      try {
        this.#onEvict?.(eviction);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
