import type { TreeCore } from "./core.js";
import type { PressureEviction } from "./options.js";
import type { Tenants } from "./tenants.js";

/** What has been evicted because there was no room: counted, and kept until the call that caused it is over. */
export class Pressure {
  evictions = 0;
  characters = 0;
  readonly #core: TreeCore;
  readonly #tenants: Tenants;
  readonly #onEvict: ((eviction: PressureEviction) => void) | undefined;
  #unreported: PressureEviction[] = [];

  constructor(core: TreeCore, tenants: Tenants, onEvict: ((eviction: PressureEviction) => void) | undefined) {
    this.#core = core;
    this.#tenants = tenants;
    this.#onEvict = onEvict;
  }

  /** Notes what the core has just evicted from the tenant at this address. */
  evicted(address: number): void {
    const chars = this.#core.evicted_characters() >>> 0;
    this.evictions++;
    this.characters += chars;
    if (this.#onEvict !== undefined) this.#unreported.push({ tenant: this.#tenants.nameAt(address), chars });
  }

  /** Takes over what was evicted from another tree that this one has been made from. */
  adopt(evictions: readonly PressureEviction[]): void {
    for (const eviction of evictions) {
      this.evictions++;
      this.characters += eviction.chars;
      if (this.#onEvict !== undefined) this.#unreported.push(eviction);
    }
  }

  /** Evicts the oldest unit of all. False when nothing is left. */
  evictOldest(): boolean {
    const address = this.#core.evict_oldest() >>> 0;
    if (address !== 0) this.evicted(address);
    return address !== 0;
  }

  /**
   * To be called when the tree is whole again: the callback may use it. If the callback throws, it hears of the rest all the same,
   * and what it threw first is passed on.
   */
  report(): void {
    if (this.#unreported.length === 0) return;
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
