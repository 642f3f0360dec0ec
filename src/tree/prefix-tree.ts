import { treeModule } from "#wasm";
import { Candidates, type Tenant } from "./candidates.js";
import { nowS } from "./clock.js";
import { EVERYONE, FIRST, instantiateCore, LAST, type TreeCore } from "./core.js";
import { Crossing } from "./crossing.js";
import { EvictionLoop } from "./eviction-loop.js";
import { inspectTree, type TreeInspection } from "./inspection.js";
import {
  checkCount,
  checkLoop,
  checkSweep,
  checkTenant,
  checkText,
  checkTime,
  type EvictionLoopOptions,
  readNames,
  type SweepOptions,
  shown,
} from "./options.js";
import { PrefixMatch } from "./prefix-match.js";
import { TenantSet } from "./tenant-set.js";

/** What `revokeInsert` needs to know of an insert. */
export interface InsertReceipt {
  /** The number of the insert call. */
  readonly call: number;
  /** How many characters of the text the tenant owned before it. */
  readonly keptChars: number;
}

export interface TreeStats {
  /** Nodes, the root among them. */
  nodes: number;
  /** Ownerships of nodes by tenants, those of the root among them. */
  entries: number;
  tenants: number;
  /** The sum of the tenants' characters: a text owned by two counts twice. */
  chars: number;
  /** Bytes in use by text and records. */
  storedBytes: number;
  /** Bytes of the WebAssembly memory: what the tree costs. */
  memoryBytes: number;
}

/**
 * A radix tree of texts that many tenants share, in a WebAssembly memory of its own: which tenant has been sent the
 * longest prefix of a text? For every tenant it keeps the number of characters it owns and its nodes by recency, so that
 * the least recently used can be evicted.
 *
 * Characters are Unicode code points; a surrogate without its partner is one, and is kept as it is. Times are seconds, any
 * finite numbers, in any order. All methods are synchronous, and throw without any effect: `TypeError` for a value of the
 * wrong type and after dispose, `RangeError` for a value out of range and when memory cannot grow.
 */
export class PrefixTree {
  #core: TreeCore | null;
  #crossing: Crossing | null;
  /** By name, in the tree's tenant order: a tenant added anew comes last. */
  readonly #tenants = new Map<string, Tenant>();
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Changes whenever tenants come or go. */
  #version = 0;
  #everyone: Candidates | null = null;
  /** Whose bitmap is in the core. */
  #current: Candidates | null = null;
  #words: Uint32Array;
  /** Where in `#words` a match leaves its results. */
  readonly #results: number;
  #loop: EvictionLoop | null = null;

  constructor();
  /** @internal */
  constructor(core: TreeCore);
  constructor(core: TreeCore = instantiateCore(treeModule())) {
    this.#core = core;
    this.#crossing = new Crossing(core.memory, core.window());
    this.#words = new Uint32Array(core.memory.buffer);
    this.#results = core.results() >>> 2;
  }

  /**
   * Adds tenants that own nothing but the root. Known names are skipped, and their times stay. O(names).
   * @param timeS when, in seconds; default: now.
   */
  addTenants(tenants: Iterable<string>, timeS: number = nowS()): void {
    const core = this.#live();
    const names = readNames(tenants);
    checkTime(timeS);
    const added: string[] = [];
    for (const name of names) {
      if (this.#tenants.has(name)) continue;
      if (!this.#addTenant(core, name, timeS)) {
        this.removeTenants(added);
        throw new RangeError(`no room for tenant ${shown(name)}: the tree has ${this.#tenants.size} tenants`);
      }
      added.push(name);
    }
  }

  /**
   * Makes every node on the text's path the tenant's, the newest of its nodes, with that time; what the tree lacks is
   * added, and a node that the text leaves in its middle is split. A tenant that the tree does not know: no effect.
   * O(characters), and O(owners) for a split.
   * @param timeS when, in seconds; default: now. It replaces the nodes' old times, later ones too.
   */
  insert(text: string, tenant: string, timeS: number = nowS()): void {
    const core = this.#live();
    checkText(text);
    checkTenant(tenant);
    checkTime(timeS);
    const known = this.#tenants.get(tenant);
    if (known !== undefined) this.#insert(core, text, known.address, timeS);
  }

  /** As `insert`; what it returns lets `revokeInsert` take back what it newly gave the tenant. */
  insertRevocable(text: string, tenant: string, timeS: number = nowS()): InsertReceipt {
    this.insert(text, tenant, timeS);
    const core = this.#live();
    if (!this.#tenants.has(tenant)) return { call: 0, keptChars: 0 };
    return { call: core.insert_call() >>> 0, keptChars: core.insert_kept() >>> 0 };
  }

  /**
   * Takes back from the tenant those nodes of the text that it did not own before the insert, and that no later insert has
   * touched for it. Times and recency of what it owned before stay as the insert left them. O(characters).
   * @returns the characters taken back.
   */
  revokeInsert(text: string, tenant: string, receipt: InsertReceipt): number {
    const core = this.#live();
    checkText(text);
    checkTenant(tenant);
    if (!Number.isInteger(receipt?.call) || !Number.isInteger(receipt.keptChars)) {
      throw new TypeError(`receipt must be what insertRevocable returned, not ${shown(receipt)}`);
    }
    const known = this.#tenants.get(tenant);
    if (known === undefined || receipt.call === 0) return 0;
    this.#walk(core, text, EVERYONE);
    return core.revoke_insert(known.address, receipt.call, receipt.keptChars) >>> 0;
  }

  /**
   * The longest prefix of the text that some candidate owns. Changes nothing: no time, no recency.
   * @param availableTenants the candidates, unknown names ignored; absent, null or empty: all tenants.
   * O(characters matched); naming the tenants, O(candidates), only when it is read.
   */
  prefixMatch(text: string, availableTenants?: readonly string[] | TenantSet | null): PrefixMatch {
    const core = this.#live();
    checkText(text);
    const candidates = this.#candidates(core, availableTenants);
    if (candidates.tenants.length === 0) return new PrefixMatch(0, text, 0, candidates, 0, 0, null);
    let form = EVERYONE;
    if (!candidates.everyone) {
      form = 0;
      if (this.#current !== candidates) this.#setCandidates(core, candidates);
    }
    const units = this.#walk(core, text, form);
    const words = this.#memoryWords(core);
    const at = this.#results;
    const wordCount = candidates.bitmap.length;
    const owners = wordCount > 2 ? words.slice(core.matched_bitmap() >>> 2, (core.matched_bitmap() >>> 2) + wordCount) : null;
    return new PrefixMatch(words[at]!, text, units, candidates, words[at + 2]!, words[at + 3]!, owners);
  }

  /** A prepared list of candidates: order and repeats kept, valid as tenants come and go, for this tree only. O(names). */
  tenantSet(tenants: Iterable<string>): TenantSet {
    this.#live();
    return new TenantSet(this, readNames(tenants));
  }

  /**
   * Removes tenants and all they own. O(nodes owned).
   * @returns by name the characters removed: 0 for a name that is not known, and so for one given twice.
   */
  removeTenants(tenants: Iterable<string>): Map<string, number> {
    const core = this.#live();
    const removed = new Map<string, number>();
    for (const name of readNames(tenants)) {
      const tenant = this.#tenants.get(name);
      removed.set(name, tenant === undefined ? 0 : this.#removeTenant(core, tenant));
    }
    return removed;
  }

  /**
   * Evicts the tenant's least recently used nodes until at least that many characters are gone, or all. Nodes that lie
   * together in its recency list with one time (a run) go together, so more may go than was asked. O(nodes removed).
   * @returns the characters removed; 0 for a tenant that is not known.
   */
  evictTenantByLru(tenant: string, minRemoveSize: number): number {
    const core = this.#live();
    checkTenant(tenant);
    checkCount("minRemoveSize", minRemoveSize);
    const known = this.#tenants.get(tenant);
    return known === undefined ? 0 : this.#evict(core, known, minRemoveSize);
  }

  /**
   * The tenants with the fewest characters, in the tree's order; of a list, those it names, in its order without repeats.
   * @returns null when there is none; so also for an empty list (unlike `prefixMatch`). O(tenants).
   */
  getSmallestTenants(availableTenants?: readonly string[] | TenantSet | null): string[] | null {
    const core = this.#live();
    const listed = availableTenants instanceof TenantSet ? availableTenants.names : availableTenants;
    if (listed?.length === 0) return null;
    const { tenants } = this.#candidates(core, availableTenants);
    let smallest = Number.POSITIVE_INFINITY;
    let names = new Set<string>();
    for (const { name, address } of tenants) {
      const count = core.tenant_characters(address) >>> 0;
      if (count < smallest) {
        smallest = count;
        names = new Set();
      }
      if (count === smallest) names.add(name);
    }
    return names.size === 0 ? null : [...names];
  }

  /** Every tenant's characters, in the tree's tenant order: a copy. O(tenants). */
  get tenantToCharCount(): Map<string, number> {
    const core = this.#live();
    const counts = new Map<string, number>();
    for (const { name, address } of this.#tenants.values()) counts.set(name, core.tenant_characters(address) >>> 0);
    return counts;
  }

  /**
   * Evicts from every tenant with more than `evictionThreshold` characters down to `evictionTarget` or fewer.
   * @returns by name the characters removed, where there were any. O(tenants + nodes removed).
   */
  sweep(options: SweepOptions): Map<string, number> {
    const core = this.#live();
    checkSweep(options);
    const removed = new Map<string, number>();
    for (const tenant of this.#tenants.values()) {
      const count = core.tenant_characters(tenant.address) >>> 0;
      if (count <= options.evictionThreshold || count <= options.evictionTarget) continue;
      removed.set(tenant.name, this.#evict(core, tenant, count - options.evictionTarget));
    }
    return removed;
  }

  /**
   * Sweeps every `intervalSecs`, the first time after one interval. The loop never keeps the process alive, ends when the
   * tree is disposed of or collected, and goes on when a sweep fails.
   * @returns false, and the options are ignored, if a loop runs already.
   */
  startEvictionLoop(options: EvictionLoopOptions): boolean {
    this.#live();
    checkLoop(options);
    if (this.#loop !== null) return false;
    this.#loop = new EvictionLoop(this, options);
    return true;
  }

  /** Ends the loop, if there is one; another can be started. */
  stopEvictionLoop(): void {
    this.#loop?.stop();
    this.#loop = null;
  }

  /** The whole tree, for tests and tools. O(everything in it). */
  inspect(): TreeInspection {
    return inspectTree(this.#live(), this.#crossing!, this.#tenants.values());
  }

  /** Sizes. O(tenants). */
  stats(): TreeStats {
    const core = this.#live();
    let chars = 0;
    for (const { address } of this.#tenants.values()) chars += core.tenant_characters(address) >>> 0;
    return {
      nodes: core.node_count(),
      entries: core.entry_count(),
      tenants: this.#tenants.size,
      chars,
      storedBytes: core.live_bytes() >>> 0,
      memoryBytes: core.memory.buffer.byteLength,
    };
  }

  /** Ends the eviction loop and lets the memory go. Any later call but this one throws a `TypeError`. */
  [Symbol.dispose](): void {
    this.stopEvictionLoop();
    this.#core = null;
    this.#words = new Uint32Array(0);
    this.#crossing = null;
    this.#tenants.clear();
    this.#everyone = null;
    this.#current = null;
  }

  #live(): TreeCore {
    if (this.#core === null) throw new TypeError("PrefixTree used after dispose");
    return this.#core;
  }

  /** False when there is no room. */
  #addTenant(core: TreeCore, name: string, timeS: number): boolean {
    const slot = this.#freeSlots.at(-1) ?? this.#slots;
    const words = core.bitmap_words();
    const address = core.add_tenant(slot, timeS) >>> 0;
    if (address === 0) return false;
    if (slot === this.#slots) this.#slots++;
    else this.#freeSlots.pop();
    if (core.bitmap_words() !== words) this.#current = null;
    this.#tenants.set(name, { name, address, slot });
    this.#tenantsChanged();
    return true;
  }

  #removeTenant(core: TreeCore, { name, address, slot }: Tenant): number {
    this.#tenants.delete(name);
    this.#freeSlots.push(slot);
    this.#tenantsChanged();
    return core.remove_tenant(address) >>> 0;
  }

  #tenantsChanged(): void {
    this.#version++;
    this.#everyone = null;
  }

  #evict(core: TreeCore, { address }: Tenant, least: number): number {
    return core.evict_tenant_by_lru(address, Math.min(least, core.tenant_characters(address) >>> 0)) >>> 0;
  }

  #insert(core: TreeCore, text: string, tenant: number, timeS: number): void {
    const crossing = this.#crossing!;
    const length = text.length;
    let from = 0;
    let form = FIRST;
    do {
      const units = crossing.write(text, from);
      from += units;
      if (from === length) form |= LAST;
      if (core.insert(units, form | crossing.form, tenant, timeS) === 0) {
        throw new RangeError(`no room for a text of ${length} units: the tree's memory cannot grow`);
      }
      form &= ~FIRST;
    } while (from < length);
  }

  /** Follows the text from the root, as far as it goes. Returns the units matched. */
  #walk(core: TreeCore, text: string, candidates: number): number {
    const crossing = this.#crossing!;
    const length = text.length;
    if (length > 0 && core.begins(text.codePointAt(0)!, candidates) === 0) return 0;
    let from = 0;
    let form = FIRST | candidates;
    let matched: number;
    do {
      const units = crossing.write(text, from);
      from += units;
      if (from === length) form |= LAST;
      matched = core.prefix_match(units, form | crossing.form) >>> 0;
      form &= ~FIRST;
    } while (matched === from && from < length);
    return matched;
  }

  #candidates(core: TreeCore, available: readonly string[] | TenantSet | null | undefined): Candidates {
    if (available instanceof TenantSet) {
      if (!available.belongsTo(this)) throw new TypeError("availableTenants is a TenantSet of another tree");
      if (available.names.length === 0) return this.#allTenants(core);
      return available.resolve(this.#version, (names) => this.#resolve(core, names));
    }
    if (available === undefined || available === null) return this.#allTenants(core);
    if (!Array.isArray(available)) {
      throw new TypeError(`availableTenants must be an array of strings or a TenantSet, not ${shown(available)}`);
    }
    return available.length === 0 ? this.#allTenants(core) : this.#resolve(core, available);
  }

  #allTenants(core: TreeCore): Candidates {
    this.#everyone ??= new Candidates([...this.#tenants.values()], this.#tenants.size, core.bitmap_words());
    return this.#everyone;
  }

  #resolve(core: TreeCore, names: readonly string[]): Candidates {
    const tenants: Tenant[] = [];
    for (const name of names) {
      checkTenant(name);
      const tenant = this.#tenants.get(name);
      if (tenant !== undefined) tenants.push(tenant);
    }
    return new Candidates(tenants, this.#tenants.size, core.bitmap_words());
  }

  #setCandidates(core: TreeCore, candidates: Candidates): void {
    this.#memoryWords(core).set(candidates.bitmap, core.candidates_bitmap() >>> 2);
    core.set_candidates();
    this.#current = candidates;
  }

  #memoryWords(core: TreeCore): Uint32Array {
    if (this.#words.length === 0) this.#words = new Uint32Array(core.memory.buffer);
    return this.#words;
  }
}

/** @internal A tree on a module of the caller's choice (a debug build), in at most `maximumPages` × 64 KiB. */
export function createTreeWith(module: WebAssembly.Module, maximumPages?: number): PrefixTree {
  return new PrefixTree(instantiateCore(module, maximumPages));
}
