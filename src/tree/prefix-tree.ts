import type { Tenant } from "./candidates.js";
import { nowS } from "./clock.js";
import type { TreeCore } from "./core.js";
import { EvictionLoop } from "./eviction-loop.js";
import { inspectTree, type TreeInspection } from "./inspection.js";
import { matchEach, matchText } from "./matching.js";
import type { Alphabet } from "./namespaces.js";
import {
  checkBytes,
  checkCount,
  checkLoop,
  checkSweep,
  checkTenant,
  checkText,
  checkTime,
  type EvictionLoopOptions,
  type PrefixTreeOptions,
  readNames,
  type SweepOptions,
  shown,
} from "./options.js";
import { makeParts, statsOf, type TreeParts, type TreeStats } from "./parts.js";
import { type PrefixMatch, TokenMatch } from "./prefix-match.js";
import { type InsertReceipt, NO_RECEIPT, receiptOf } from "./receipt.js";
import { mergeParts, restoreParts, snapshotOf } from "./restore.js";
import { TenantSet } from "./tenant-set.js";
import { MOST_TENANTS } from "./tenants.js";
import { textOfTokens } from "./tokens.js";

/**
 * A radix tree of texts that many tenants share, in a WebAssembly memory of its own: which tenant has been sent the
 * longest prefix of a text? For every tenant it keeps the number of characters it owns and its nodes by recency, so that
 * the least recently used can be evicted.
 *
 * Characters are Unicode code points; a surrogate without its partner is one, and is kept as it is. Times are seconds, any
 * finite numbers, in any order (but see `ttlSecs`). All methods are synchronous, and throw without any effect: `TypeError` for a
 * value of the wrong type and after dispose, `RangeError` for a value out of range. (What an `onEvict` throws comes after the effect.)
 */
export class PrefixTree {
  /** Null when the tree cannot be used: after dispose, and while `matchThenInsert` waits for its caller to choose. */
  #parts: TreeParts | null;
  /** The parts meanwhile. */
  #choosing: TreeParts | null = null;
  readonly #options: PrefixTreeOptions;
  #loop: EvictionLoop | null = null;

  constructor(options?: PrefixTreeOptions);
  /** @internal */
  constructor(options: PrefixTreeOptions, parts: TreeParts);
  constructor(options: PrefixTreeOptions = {}, parts: TreeParts = makeParts(options)) {
    this.#parts = parts;
    this.#options = { ...options };
  }

  /**
   * Adds tenants that own nothing but the root. Known names are skipped, and their times stay. O(names).
   * @param timeS when, in seconds; default: now.
   * @throws RangeError, and none of them is added, for more than 100,000 tenants in all, or when `maxBytes` has no room for them
   * even after everything else has been evicted.
   */
  addTenants(tenants: Iterable<string>, timeS: number = nowS()): void {
    const { tenants: known, evictions } = this.#live();
    const names = readNames(tenants);
    checkTime(timeS);
    const fresh = new Set(names.filter((name) => known.get(name) === undefined));
    if (known.size + fresh.size > MOST_TENANTS) {
      throw new RangeError(`a tree has at most ${MOST_TENANTS} tenants, not ${known.size + fresh.size}`);
    }
    const added: string[] = [];
    for (const name of fresh) {
      while (!known.add(name, timeS)) {
        if (evictions.evictOldest()) continue;
        for (const each of added) known.remove(each);
        evictions.report();
        throw new RangeError(`no room for tenant ${shown(name)}: the tree has ${known.size} tenants`);
      }
      added.push(name);
    }
    evictions.report();
  }

  /**
   * Makes every node on the text's path the tenant's, the newest of its nodes, with that time; what the tree lacks is
   * added, and a node that the text leaves in its middle is split. A tenant that the tree does not know: no effect.
   * O(characters), and O(owners) for a split.
   * @param timeS when, in seconds; default: now. It replaces the nodes' old times, later ones too.
   * @param namespace keeps texts apart that must not match each other (models, adapters, salts): a root of its own.
   */
  insert(text: string, tenant: string, timeS: number = nowS(), namespace?: string): void {
    checkText(text);
    this.#insert(text, tenant, timeS, namespace, "text");
    this.#live().evictions.report();
  }

  /** As `insert`, of token ids (whole numbers from 0 to 1,000,000), each a character. They never match a text. */
  insertTokens(tokens: ArrayLike<number>, tenant: string, timeS: number = nowS(), namespace?: string): void {
    this.#insert(textOfTokens(tokens), tenant, timeS, namespace, "tokens");
    this.#live().evictions.report();
  }

  /** As `insert`; what it returns lets `revokeInsert` take back what it newly gave the tenant. */
  insertRevocable(text: string, tenant: string, timeS: number = nowS(), namespace?: string): InsertReceipt {
    checkText(text);
    const known = this.#insert(text, tenant, timeS, namespace, "text");
    const { tenants, evictions } = this.#live();
    const receipt = known ? receiptOf(tenants.words(), namespace) : NO_RECEIPT;
    evictions.report();
    return receipt;
  }

  /**
   * A match and the insert that follows from it in one descent: the text crosses once, `choose` is given the match and names
   * the tenant that gets the text, or null for none. Costs little more than the match alone.
   * @param choose must not use the tree: every call throws meanwhile. What it throws is passed on, and nothing is inserted.
   * @returns the insert's receipt for `revokeInsert`, or null when there was none: `choose` named null or an unknown tenant.
   */
  matchThenInsert(
    text: string,
    availableTenants: readonly string[] | TenantSet | null | undefined,
    choose: (match: PrefixMatch) => string | null,
    timeS: number = nowS(),
    namespace?: string,
  ): InsertReceipt | null {
    const parts = this.#live();
    const { tenants, descent, namespaces, expiry, evictions } = parts;
    if (typeof choose !== "function") throw new TypeError(`choose must be a function, not ${shown(choose)}`);
    checkText(text);
    checkTime(timeS);
    const candidates = tenants.candidates(this, availableTenants);
    namespaces.select(namespace, "text", true);
    const now = expiry === null ? timeS : expiry.advanceTo(timeS);
    const tenant = this.#choose(choose, matchText(parts, text, candidates));
    this.#live();
    const known = tenant === null ? undefined : tenants.get(tenant);
    if (known !== undefined) descent.insertWalked(text, known.address, now);
    const receipt = known === undefined ? null : receiptOf(tenants.words(), namespace);
    evictions.report();
    return receipt;
  }

  /**
   * Takes back from the tenant those nodes of the text that it did not own before the insert, and that no later insert has
   * touched for it. Times and recency of what it owned before stay as the insert left them. O(characters).
   * @returns the characters taken back.
   */
  revokeInsert(text: string, tenant: string, receipt: InsertReceipt): number {
    const { core, tenants, descent, namespaces } = this.#live();
    checkText(text);
    checkTenant(tenant);
    if (!Number.isInteger(receipt?.call) || !Number.isInteger(receipt.keptChars)) {
      throw new TypeError(`receipt must be what insertRevocable returned, not ${shown(receipt)}`);
    }
    const known = tenants.get(tenant);
    if (known === undefined || receipt.call === 0) return 0;
    if (!namespaces.select(receipt.namespace, "text", false)) return 0;
    descent.walk(text, true);
    return core.revoke_insert(known.address, receipt.call, receipt.keptChars) >>> 0;
  }

  /**
   * The longest prefix of the text that some candidate owns. Changes nothing: no time, no recency.
   * @param availableTenants the candidates, unknown names ignored; absent, null or empty: all tenants.
   * @param timeS of use in a tree with `ttlSecs` only: when, in seconds; default: now.
   * O(characters matched); naming the tenants, O(candidates), only when it is read.
   */
  prefixMatch(
    text: string,
    availableTenants?: readonly string[] | TenantSet | null,
    namespace?: string,
    timeS?: number,
  ): PrefixMatch {
    checkText(text);
    return this.#matchIn(text, availableTenants, namespace, "text", timeS);
  }

  /** As `prefixMatch`, of token ids: `matchedChars` counts tokens. */
  prefixMatchTokens(
    tokens: ArrayLike<number>,
    availableTenants?: readonly string[] | TenantSet | null,
    namespace?: string,
    timeS?: number,
  ): TokenMatch {
    return new TokenMatch(this.#matchIn(textOfTokens(tokens), availableTenants, namespace, "tokens", timeS));
  }

  /**
   * How many characters of the text each of the given tenants owns: for everyone of them what `prefixMatch` with that tenant
   * alone would find, from one descent. O(characters matched + tenants).
   * @returns one number a name, in the order given; 0 for a tenant that is not known.
   */
  prefixMatchEach(
    text: string,
    tenants: readonly string[] | TenantSet,
    namespace?: string,
    timeS?: number,
  ): Uint32Array {
    const parts = this.#live();
    const { tenants: known, namespaces, evictions } = parts;
    checkText(text);
    const names = tenants instanceof TenantSet ? tenants.names : readNames(tenants);
    const candidates = known.candidates(this, tenants);
    const exists = namespaces.select(namespace, "text", false);
    this.#expire(timeS);
    const matched =
      exists && candidates.tenants.length > 0
        ? matchEach(parts, text, names, candidates)
        : new Uint32Array(names.length);
    evictions.report();
    return matched;
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
    const known = this.#live().tenants;
    const removed = new Map<string, number>();
    for (const name of readNames(tenants)) removed.set(name, known.remove(name));
    return removed;
  }

  /**
   * Evicts the tenant's least recently used nodes until at least that many characters are gone, or all. Nodes that lie
   * together in its recency list with one time (a run) go together, so more may go than was asked. O(nodes removed).
   * @returns the characters removed; 0 for a tenant that is not known.
   */
  evictTenantByLru(tenant: string, minRemoveSize: number): number {
    const { core, tenants } = this.#live();
    checkTenant(tenant);
    checkCount("minRemoveSize", minRemoveSize);
    const known = tenants.get(tenant);
    return known === undefined ? 0 : evict(core, known, minRemoveSize);
  }

  /**
   * The tenants with the fewest characters, in the tree's order; of a list, those it names, in its order without repeats.
   * @returns null when there is none; so also for an empty list (unlike `prefixMatch`). O(tenants).
   */
  getSmallestTenants(availableTenants?: readonly string[] | TenantSet | null): string[] | null {
    const { tenants } = this.#live();
    const listed = availableTenants instanceof TenantSet ? availableTenants.names : availableTenants;
    if (listed?.length === 0) return null;
    let smallest = Number.POSITIVE_INFINITY;
    let names = new Set<string>();
    for (const tenant of tenants.candidates(this, availableTenants).tenants) {
      const count = tenants.characters(tenant);
      if (count < smallest) {
        smallest = count;
        names = new Set();
      }
      if (count === smallest) names.add(tenant.name);
    }
    return names.size === 0 ? null : [...names];
  }

  /** Every tenant's characters, in the tree's tenant order: a copy. O(tenants). */
  get tenantToCharCount(): Map<string, number> {
    const { tenants } = this.#live();
    return new Map(Array.from(tenants, (tenant) => [tenant.name, tenants.characters(tenant)]));
  }

  /**
   * Evicts from every tenant with more than `evictionThreshold` characters down to `evictionTarget` or fewer.
   * @returns by name the characters removed, where there were any. O(tenants + nodes removed).
   */
  sweep(options: SweepOptions): Map<string, number> {
    const { core, tenants } = this.#live();
    checkSweep(options);
    const removed = new Map<string, number>();
    for (const tenant of tenants) {
      const count = tenants.characters(tenant);
      if (count <= options.evictionThreshold || count <= options.evictionTarget) continue;
      removed.set(tenant.name, evict(core, tenant, count - options.evictionTarget));
    }
    return removed;
  }

  /**
   * Removes what has expired, so that later calls need not: O(1) an entry removed. Without `ttlSecs`: nothing.
   * @param timeS when, in seconds; default: now.
   * @returns by name the characters removed, where there were any.
   */
  expire(timeS: number = nowS()): Map<string, number> {
    const { tenants, expiry, evictions } = this.#live();
    checkTime(timeS);
    const removed = new Map<string, number>();
    expiry?.advanceTo(timeS, (address, chars) => {
      const name = tenants.nameAt(address);
      if (chars > 0) removed.set(name, (removed.get(name) ?? 0) + chars);
    });
    evictions.report();
    return removed;
  }

  /**
   * Sweeps every `intervalSecs` (and removes what has expired), the first time after one interval. The loop never keeps the process
   * alive, ends when the tree is disposed of or collected, and goes on when a sweep fails.
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

  /**
   * Joins every node with its only child where nothing tells them apart: same owners, each with the same time and both next to each
   * other in its recency list. Splits leave such nodes behind when the owners that caused them are gone. Matches, counts, times,
   * and what is evicted when stay the same; memory and the length of paths shrink. O(entries + text moved).
   * @returns how many nodes are gone.
   */
  compact(): number {
    const { core, tenants } = this.#live();
    let gone = 0;
    for (const { address } of tenants) gone += core.compact(address) >>> 0;
    return gone;
  }

  /**
   * All that can be observed of the tree, as bytes for `PrefixTree.restore`: the same on every runtime for the same calls.
   * Versioned and checksummed (snapshot-format.ts). O(everything in it).
   */
  snapshot(): Uint8Array<ArrayBuffer> {
    return snapshotOf(this.#live());
  }

  /**
   * A tree as it was when the snapshot was made. Under bounds that are too small for all of it, what was inserted longest ago is
   * left out, and reported as evictions are. O(everything in it).
   * @throws SnapshotError for bytes that are no whole, unchanged snapshot of this version.
   */
  static restore(bytes: Uint8Array, options: PrefixTreeOptions = {}): PrefixTree {
    checkBytes(bytes);
    const parts = restoreParts(bytes, options);
    const tree = new PrefixTree(options, parts);
    parts.evictions.report();
    return tree;
  }

  /**
   * Adds the tenants, namespaces and texts of another tree's snapshot, to warm a router from a sibling: every tenant then owns what it
   * owned in either. The inserts of both trees are put in one order by their times, without changing the order that each had of its
   * own, ours the later where times are equal; what both have is as the later insert left it. Where the bounds are too small for all
   * of it the oldest is left out, and reported. Receipts from before are void: `revokeInsert` takes back nothing for them.
   * The new tree is made beside the old one: both take memory meanwhile. O(everything in both).
   * @throws SnapshotError for bytes that are no whole, unchanged snapshot of this version.
   */
  merge(bytes: Uint8Array): void {
    const before = this.#live();
    checkBytes(bytes);
    const merged = mergeParts(snapshotOf(before), bytes, this.#options);
    merged.evictions.continue(before.evictions);
    if (before.expiry !== null) merged.expiry?.goOnFrom(before.expiry.latestS);
    this.#parts = merged;
    merged.evictions.report();
  }

  /** The whole tree, for tests and tools. O(everything in it). */
  inspect(): TreeInspection {
    const { core, tenants, descent, namespaces } = this.#live();
    return inspectTree(core, descent.crossing, tenants, namespaces);
  }

  /** Sizes. O(tenants). */
  stats(): TreeStats {
    return statsOf(this.#live());
  }

  /** Ends the eviction loop and lets the memory go. Any later call but this one throws a `TypeError`. */
  [Symbol.dispose](): void {
    this.stopEvictionLoop();
    this.#parts = null;
    this.#choosing = null;
  }

  #live(): TreeParts {
    if (this.#parts === null) throw this.#unusable();
    return this.#parts;
  }

  #unusable(): TypeError {
    const when = this.#choosing === null ? "after dispose" : "inside the choose function of matchThenInsert";
    return new TypeError(`PrefixTree used ${when}`);
  }

  /** Meanwhile every call throws, but dispose. */
  #choose(choose: (match: PrefixMatch) => string | null, match: PrefixMatch): string | null {
    const parts = this.#live();
    this.#choosing = parts;
    this.#parts = null;
    try {
      const tenant = choose(match);
      if (tenant !== null) checkTenant(tenant);
      return tenant;
    } catch (error) {
      parts.evictions.report();
      throw error;
    } finally {
      this.#parts = this.#choosing;
      this.#choosing = null;
    }
  }

  /** False when the tree does not know the tenant. To be followed by the report of what had to go. */
  #insert(text: string, tenant: string, timeS: number, namespace: string | undefined, alphabet: Alphabet): boolean {
    const { tenants, descent, namespaces, expiry } = this.#live();
    checkTenant(tenant);
    checkTime(timeS);
    const known = tenants.get(tenant);
    if (known !== undefined) namespaces.select(namespace, alphabet, true);
    const now = expiry === null ? timeS : expiry.advanceTo(timeS);
    if (known !== undefined) descent.insert(text, known.address, now);
    return known !== undefined;
  }

  #matchIn(
    text: string,
    availableTenants: readonly string[] | TenantSet | null | undefined,
    namespace: string | undefined,
    alphabet: Alphabet,
    timeS: number | undefined,
  ): PrefixMatch {
    const parts = this.#live();
    const { tenants, namespaces, expiry, evictions } = parts;
    const candidates = tenants.candidates(this, availableTenants);
    const exists = namespaces.select(namespace, alphabet, false);
    if (expiry === null && timeS === undefined) return matchText(parts, exists ? text : "", candidates);
    this.#expire(timeS);
    const match = matchText(parts, exists ? text : "", candidates);
    evictions.report();
    return match;
  }

  /** Removes what has expired, which is not reported yet. */
  #expire(timeS: number | undefined): void {
    if (timeS !== undefined) checkTime(timeS);
    this.#live().expiry?.advanceTo(timeS ?? nowS());
  }
}

function evict(core: TreeCore, { address }: Tenant, least: number): number {
  return core.evict_tenant_by_lru(address, Math.min(least, core.characters(address) >>> 0)) >>> 0;
}

/** @internal A tree on a module of the caller's choice: a debug build. */
export function createTreeWith(module: WebAssembly.Module, options: PrefixTreeOptions = {}): PrefixTree {
  return new PrefixTree(options, makeParts(options, module));
}
