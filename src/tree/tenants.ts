import { Candidates, type Tenant } from "./candidates.js";
import type { TreeCore } from "./core.js";
import { checkTenant, shown } from "./options.js";
import { TenantSet } from "./tenant-set.js";

/** As many as the core has slots for (assembly/owners.ts). */
export const MOST_TENANTS = 100_000;

/** How often tenants have come or gone, in any tree: so a version stands for one state of one tree, whatever becomes of it. */
let changes = 0;

/** A tree's tenants by name, their slots in the core's bitmaps, and the lists of candidates made of them. */
export class Tenants implements Iterable<Tenant> {
  readonly #core: TreeCore;
  /** In the tree's tenant order: one removed and added again comes last. */
  readonly #byName = new Map<string, Tenant>();
  readonly #byAddress = new Map<number, Tenant>();
  readonly #freeSlots: number[] = [];
  /** By `slot >> 6`: where the core has the tenants of these slots. */
  readonly #chunks: number[] = [];
  #slots = 0;
  /** Changes whenever tenants come or go. */
  #version = 0;
  #everyone: Candidates | null = null;
  /** Whose bitmap the core has. */
  #inCore: Candidates | null = null;
  #words: Uint32Array;

  constructor(core: TreeCore) {
    this.#core = core;
    this.#words = new Uint32Array(core.memory.buffer);
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Tenant | undefined {
    return this.#byName.get(name);
  }

  nameAt(address: number): string {
    return this.#byAddress.get(address)!.name;
  }

  [Symbol.iterator](): Iterator<Tenant> {
    return this.#byName.values();
  }

  /** False when there is no room. */
  add(name: string, timeS: number): boolean {
    const slot = this.#freeSlots.at(-1) ?? this.#slots;
    const words = this.#core.bitmap_words();
    const address = this.#core.add_tenant(slot, this.#chunks[slot >> 6] ?? 0, timeS) >>> 0;
    if (address === 0) return false;
    // Slots are given out in order, so that the first of a chunk is the first that is used.
    this.#chunks[slot >> 6] ??= address;
    if (slot === this.#slots) this.#slots++;
    else this.#freeSlots.pop();
    if (this.#core.bitmap_words() !== words) this.#inCore = null;
    const tenant = { name, address, slot };
    this.#byName.set(name, tenant);
    this.#byAddress.set(address, tenant);
    this.#changed();
    return true;
  }

  /** Removes a tenant and all it owns. Returns its characters; 0 for a name that is not known. */
  remove(name: string): number {
    const tenant = this.#byName.get(name);
    if (tenant === undefined) return 0;
    this.#byName.delete(name);
    this.#byAddress.delete(tenant.address);
    this.#freeSlots.push(tenant.slot);
    this.#changed();
    return this.#core.remove_tenant(tenant.address) >>> 0;
  }

  characters({ address }: Tenant): number {
    return this.#core.characters(address) >>> 0;
  }

  /** The candidates that an argument of `owner`'s methods means: all tenants when it is absent or empty. */
  candidates(owner: object, available: readonly string[] | TenantSet | null | undefined): Candidates {
    if (available === undefined || available === null) return this.#everyone ?? this.#all();
    return this.#named(owner, available);
  }

  #named(owner: object, available: readonly string[] | TenantSet): Candidates {
    if (available instanceof TenantSet) {
      if (!available.belongsTo(owner)) throw new TypeError("availableTenants is a TenantSet of another tree");
      if (available.names.length === 0) return this.#all();
      return available.resolve(this.#version, (names) => this.#resolve(names));
    }
    if (!Array.isArray(available)) {
      throw new TypeError(`availableTenants must be an array of strings or a TenantSet, not ${shown(available)}`);
    }
    return available.length === 0 ? this.#all() : this.#resolve(available);
  }

  /** Sees to it that the core's bitmap of candidates is this one. */
  bringToCore(candidates: Candidates): void {
    if (this.#inCore === candidates) return;
    this.words().set(candidates.bitmap, this.#core.bitmaps() >>> 2);
    this.#core.set_candidates();
    this.#inCore = candidates;
  }

  /** The core's memory. Growing has replaced the buffer of an older view, whose length then is 0. */
  words(): Uint32Array {
    if (this.#words.length === 0) this.#words = new Uint32Array(this.#core.memory.buffer);
    return this.#words;
  }

  #changed(): void {
    this.#version = ++changes;
    this.#everyone = null;
  }

  #all(): Candidates {
    this.#everyone ??= this.#made([...this.#byName.values()]);
    return this.#everyone;
  }

  #resolve(names: readonly string[]): Candidates {
    const tenants: Tenant[] = [];
    for (const name of names) {
      checkTenant(name);
      const tenant = this.#byName.get(name);
      if (tenant !== undefined) tenants.push(tenant);
    }
    return this.#made(tenants);
  }

  #made(tenants: Tenant[]): Candidates {
    return new Candidates(tenants, this.#byName.size, this.#core.bitmap_words());
  }
}
