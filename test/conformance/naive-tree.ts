import assert from "node:assert/strict";
import type { Eviction } from "../../src/tree/index.js";
import type { Bounds, Candidates, Found, Text, TreeUnderTest } from "./adapter.js";
import { mergedOf } from "./naive-merge.js";
import { kindOf, type NaiveNode, sharedLength } from "./naive-node.js";
import { NaiveStructure, type Unit } from "./naive-structure.js";

/**
 * The tree as its description says it, with arrays and maps, to be obviously right rather than fast. What the fuzz holds
 * `PrefixTree` against. The protected methods are the places where `faults.ts` goes wrong on purpose.
 */
export class NaiveTree extends NaiveStructure implements TreeUnderTest {
  readonly bounds: Bounds;
  /** Bytes are not counted here: so it is told how often the next call has to evict, and how many characters enter then. */
  told: Told = NOTHING_TOLD;
  #evictions: Eviction[] = [];
  #latestS = Number.NEGATIVE_INFINITY;

  constructor(bounds: Bounds = {}) {
    super();
    this.bounds = bounds;
  }

  addTenants(tenants: readonly string[], timeS: number): void {
    this.evictAsTold();
    for (const tenant of tenants) {
      if (this.characterCounts.has(tenant)) continue;
      this.characterCounts.set(tenant, 0);
      this.recency.set(tenant, [this.root]);
      this.root.owners.set(tenant, { timeS, call: 0 });
    }
  }

  insert(text: Text, tenant: string, timeS: number, namespace?: string): void {
    this.insertRevocable(text, tenant, timeS, namespace);
  }

  insertRevocable(text: Text, tenant: string, timeS: number, namespace?: string): Receipt | null {
    const now = this.advance(timeS);
    if (!this.characterCounts.has(tenant)) return null;
    const call = ++this.calls;
    const { whole, partly } = this.path(text, namespace);
    this.held = partly === undefined ? whole : [...whole, partly];
    let rest = this.makeRoom(text, tenant, namespace, whole);
    const kept = this.ownedOf(text, tenant, namespace);
    let node = this.root;
    this.touch(node, tenant, now, call);
    const start =
      rest.length > 0 ? this.startFor(kindOf(text, namespace)) : (this.startOf(kindOf(text, namespace)) ?? node);
    if (start !== node) this.touch(start, tenant, now, call);
    node = start;
    while (rest.length > 0) {
      node = this.childFor(node, rest, now);
      this.touch(node, tenant, now, call);
      rest = rest.slice(node.text.length);
    }
    const held = this.held.reverse();
    this.held = [];
    for (const each of held) this.prune(each);
    return { call, kept };
  }

  /**
   * Ends what the insert newly gave and no later one has touched: what lies beyond the characters that were the tenant's before.
   * A namespace's root goes with the last that is below it.
   */
  revoke(text: Text, tenant: string, receipt: Receipt | null, namespace?: string): number {
    let removed = 0;
    const { whole } = this.path(text, namespace);
    let end = whole.reduce((sum, node) => sum + node.text.length, 0);
    for (const node of whole.reverse()) {
      const begin = end - node.text.length;
      if (node !== this.root && receipt !== null && node.owners.get(tenant)?.call === receipt.call) {
        const cut = Math.max(0, receipt.kept - begin);
        const isNew = node.namespace === null ? cut < node.text.length : node.children.size === 0;
        if (isNew && cut > 0) this.split(node, cut);
        if (isNew) removed += this.release(node, tenant);
      }
      end = begin;
    }
    return removed;
  }

  match(text: Text, candidates: Candidates, namespace?: string, timeS: number = Number.NEGATIVE_INFINITY): Found {
    this.advance(timeS);
    const named = this.matchCandidates(candidates);
    const start = named.length === 0 ? undefined : this.startOf(kindOf(text, namespace));
    const characters = start === undefined ? [] : this.charactersOf(text);
    let node = start ?? this.root;
    let matched = 0;
    while (matched < characters.length) {
      const child = node.children.get(characters[matched]!);
      if (child === undefined || !named.some((tenant) => child.owners.has(tenant))) break;
      const shared = sharedLength(child.text, characters.slice(matched));
      matched += shared;
      node = child;
      if (shared < child.text.length) break;
    }
    const reached = matched === 0 ? this.root : node;
    const owners = named.filter((tenant) => reached.owners.has(tenant));
    return {
      matchedChars: matched,
      matchedText: typeof text === "string" ? characters.slice(0, matched).join("") : text.slice(0, matched),
      matchedTenants: owners.length === 0 ? null : owners,
    };
  }

  matchEach(
    text: Text,
    tenants: readonly string[],
    namespace?: string,
    timeS: number = Number.NEGATIVE_INFINITY,
  ): number[] {
    this.advance(timeS);
    return tenants.map((tenant) => this.match(text, { names: [tenant] }, namespace, timeS).matchedChars);
  }

  matchThenInsert(text: Text, candidates: Candidates, timeS: number, namespace?: string): Found {
    const found = this.match(text, candidates, namespace, timeS);
    if (found.matchedTenants !== null) this.insert(text, found.matchedTenants[0]!, timeS, namespace);
    return found;
  }

  remove(tenants: readonly string[]): [string, number][] {
    const removed = new Map<string, number>();
    for (const tenant of tenants) {
      let characters = 0;
      for (const node of (this.recency.get(tenant) ?? []).toReversed()) characters += this.release(node, tenant);
      this.characterCounts.delete(tenant);
      this.recency.delete(tenant);
      removed.set(tenant, characters);
    }
    return [...removed];
  }

  evict(tenant: string, minRemoveSize: number): number {
    const count = this.characterCounts.get(tenant);
    if (count === undefined) return 0;
    const least = Math.min(minRemoveSize, count);
    let removed = 0;
    for (let run = this.oldestRun(tenant); removed < least && run.length > 0; run = this.oldestRun(tenant)) {
      for (const node of run) removed += this.release(node, tenant);
    }
    return removed;
  }

  smallest(candidates: Candidates): string[] | null {
    const named = candidates === null ? [...this.characterCounts.keys()] : new Set(candidates.names);
    const known = [...named].filter((tenant) => this.characterCounts.has(tenant));
    const least = Math.min(...known.map((tenant) => this.characterCounts.get(tenant)!));
    const smallest = known.filter((tenant) => this.characterCounts.get(tenant) === least);
    return smallest.length === 0 ? null : smallest;
  }

  sweep(evictionThreshold: number, evictionTarget: number): [string, number][] {
    return this.counts()
      .filter(([, count]) => count > evictionThreshold)
      .map(([tenant, count]): [string, number] => [tenant, this.evict(tenant, count - evictionTarget)])
      .filter(([, removed]) => removed > 0);
  }

  expire(timeS: number): [string, number][] {
    const before = this.#evictions.length;
    this.advance(timeS);
    const removed = new Map<string, number>();
    for (const { tenant, chars } of this.#evictions.slice(before)) {
      if (chars > 0) removed.set(tenant, (removed.get(tenant) ?? 0) + chars);
    }
    return [...removed];
  }

  /** Joins nodes with their only children where nothing tells them apart, as long as there are such. Returns how many are gone. */
  compact(): number {
    let joined = 0;
    const find = (): NaiveNode | undefined =>
      [...this.recency.values()].flat().find((node) => this.isLikeItsParent(node));
    for (let lower = find(); lower !== undefined; lower = find()) {
      const upper = lower.parent!;
      lower.text = [...upper.text, ...lower.text];
      lower.parent = upper.parent;
      lower.parent!.children.set(lower.text[0]!, lower);
      for (const tenant of upper.owners.keys()) this.removeFromList(upper, tenant);
      joined++;
    }
    return joined;
  }

  /** Goes on as what both trees have together. */
  merge(other: NaiveTree): void {
    Object.assign(this, mergedOf(this, other));
    for (const node of this.nodesInOrder().filter((each) => each !== this.root)) {
      for (const { timeS } of node.owners.values()) if (timeS > this.#latestS) this.#latestS = timeS;
    }
    this.evictAsTold();
  }

  /** All that the tree is lives on in the restored one; only what there is no room for has gone. */
  restart(): void {
    this.evictAsTold();
  }

  memoryBytes(): number {
    return 0;
  }

  counts(): [string, number][] {
    return [...this.characterCounts];
  }

  takeEvictions(): Eviction[] {
    const evictions = this.#evictions;
    this.#evictions = [];
    return evictions;
  }

  /** A text's code points, a surrogate without its partner being one; of tokens their decimals. */
  protected charactersOf(text: Text): string[] {
    return typeof text === "string" ? Array.from(text) : text.map((token) => `${token} `);
  }

  protected matchCandidates(candidates: Candidates): string[] {
    const everyone = [...this.characterCounts.keys()];
    if (candidates === null || candidates.names.length === 0) return everyone;
    return candidates.names.filter((tenant) => this.characterCounts.has(tenant));
  }

  protected path(text: Text, namespace: string | undefined): { whole: NaiveNode[]; partly: NaiveNode | undefined } {
    return this.pathOf(this.charactersOf(text), kindOf(text, namespace));
  }

  /** Evicts for an insert until its text fits, and cuts off of it what does not fit alone. Returns what enters. */
  protected makeRoom(text: Text, tenant: string, namespace: string | undefined, path: NaiveNode[]): string[] {
    const { maxChars } = this.bounds;
    const characters = this.charactersOf(text);
    const excess = (): number => {
      if (maxChars === undefined) return 0;
      return this.totalCharacters() + characters.length - this.ownedOf(text, tenant, namespace) - maxChars;
    };
    let unit = this.oldestUnit(tenant, path);
    for (let done = 0; unit !== undefined && (done < this.told.evictions || excess() > 0); done++) {
      this.evictUnit(unit, "pressure");
      unit = this.oldestUnit(tenant, path);
    }
    const enters = Math.min(this.told.entered, characters.length - Math.max(0, excess()));
    assert(enters >= characters.length || unit === undefined, "a text is shortened when nothing else can go");
    return characters.slice(0, enters);
  }

  /** How many characters of the text are the tenant's. */
  protected ownedOf(text: Text, tenant: string, namespace: string | undefined): number {
    return this.match(text, { names: [tenant] }, namespace).matchedChars;
  }

  protected evictUnit({ tenant, nodes }: Unit, reason: Eviction["reason"]): void {
    const chars = nodes.reduce((sum, node) => sum + this.release(node, tenant), 0);
    this.#evictions.push({ tenant, chars, reason });
  }

  /** Evicts what has not been touched for longer than `ttlSecs`. Returns the time that counts: with `ttlSecs`, the latest. */
  protected advance(timeS: number): number {
    const { ttlSecs } = this.bounds;
    if (ttlSecs === undefined) return timeS;
    if (timeS > this.#latestS) this.#latestS = timeS;
    for (let unit = this.oldestUnit(); unit !== undefined && unit.timeS < this.#latestS - ttlSecs; ) {
      this.evictUnit(unit, "expiry");
      unit = this.oldestUnit();
    }
    return this.#latestS;
  }

  protected evictAsTold(): void {
    const { maxChars = Number.POSITIVE_INFINITY } = this.bounds;
    for (let done = 0; done < this.told.evictions || this.totalCharacters() > maxChars; done++) {
      this.evictUnit(this.oldestUnit()!, "pressure");
    }
  }

  protected totalCharacters(): number {
    return this.counts().reduce((sum, [, count]) => sum + count, 0);
  }
}

/** What an insert leaves for its revocation. */
export interface Receipt {
  call: number;
  /** How many characters of the text the tenant had before. */
  kept: number;
}

export interface Told {
  evictions: number;
  entered: number;
}

export const NOTHING_TOLD: Told = { evictions: 0, entered: Number.POSITIVE_INFINITY };
