import type { Candidates, Found, TreeState, TreeUnderTest } from "./adapter.js";

/**
 * The tree as its description says it, with arrays and maps, to be obviously right rather than fast. What the fuzz holds
 * `PrefixTree` against. The protected methods are the places where `faults.ts` goes wrong on purpose.
 */
export class NaiveTree implements TreeUnderTest {
  protected readonly root: NaiveNode = new NaiveNode([], null);
  /** The characters that each tenant owns, in the tree's order of tenants. */
  protected readonly characterCounts: Map<string, number> = new Map();
  /** Each tenant's nodes, newest first, the root first of all. */
  protected readonly recency: Map<string, NaiveNode[]> = new Map();
  #calls = 0;

  addTenants(tenants: readonly string[], timeS: number): void {
    for (const tenant of tenants) {
      if (this.characterCounts.has(tenant)) continue;
      this.characterCounts.set(tenant, 0);
      this.recency.set(tenant, [this.root]);
      this.root.owners.set(tenant, { timeS, call: 0, since: 0 });
    }
  }

  insert(text: string, tenant: string, timeS: number): void {
    this.insertRevocable(text, tenant, timeS);
  }

  insertRevocable(text: string, tenant: string, timeS: number): unknown {
    if (!this.characterCounts.has(tenant)) return null;
    const call = ++this.#calls;
    let node = this.root;
    let rest = this.charactersOf(text);
    this.touch(node, tenant, timeS, call);
    while (rest.length > 0) {
      node = this.childFor(node, rest, timeS);
      this.touch(node, tenant, timeS, call);
      rest = rest.slice(node.text.length);
    }
    return call;
  }

  revoke(text: string, tenant: string, receipt: unknown): number {
    let removed = 0;
    for (const node of this.path(text)) {
      const entry = node.owners.get(tenant);
      if (node !== this.root && entry?.since === receipt && entry?.call === receipt)
        removed += this.release(node, tenant);
    }
    return removed;
  }

  match(text: string, candidates: Candidates): Found {
    const named = this.matchCandidates(candidates);
    if (named.length === 0) return { matchedChars: 0, matchedText: "", matchedTenants: null };
    const characters = this.charactersOf(text);
    let node = this.root;
    let matched = 0;
    while (matched < characters.length) {
      const child = node.children.get(characters[matched]!);
      if (child === undefined || !named.some((tenant) => child.owners.has(tenant))) break;
      const shared = sharedLength(child.text, characters.slice(matched));
      matched += shared;
      node = child;
      if (shared < child.text.length) break;
    }
    const owners = named.filter((tenant) => node.owners.has(tenant));
    return {
      matchedChars: matched,
      matchedText: characters.slice(0, matched).join(""),
      matchedTenants: owners.length === 0 ? null : owners,
    };
  }

  matchEach(text: string, tenants: readonly string[]): number[] {
    return tenants.map((tenant) => this.match(text, { names: [tenant] }).matchedChars);
  }

  matchThenInsert(text: string, candidates: Candidates, timeS: number): Found {
    const found = this.match(text, candidates);
    if (found.matchedTenants !== null) this.insert(text, found.matchedTenants[0]!, timeS);
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

  counts(): [string, number][] {
    return [...this.characterCounts];
  }

  dump(): TreeState {
    const order: NaiveNode[] = [];
    const visit = (node: NaiveNode): void => {
      order.push(node);
      const children = [...node.children.values()];
      for (const child of children.sort((a, b) => a.firstCodePoint() - b.firstCodePoint())) visit(child);
    };
    visit(this.root);
    const indices = new Map(order.map((node, index) => [node, index]));
    const tenants = [...this.characterCounts.keys()];
    return {
      nodes: order.map(({ parent, text, owners }) => ({
        parent: parent === null ? -1 : indices.get(parent)!,
        text: text.join(""),
        times: tenants.flatMap((tenant): [string, number][] => {
          const entry = owners.get(tenant);
          return entry === undefined ? [] : [[tenant, entry.timeS]];
        }),
      })),
      recency: tenants.map((tenant) => [tenant, this.recency.get(tenant)!.map((node) => indices.get(node)!)]),
    };
  }

  /** A text's code points; a surrogate without its partner is one. */
  protected charactersOf(text: string): string[] {
    return Array.from(text);
  }

  protected matchCandidates(candidates: Candidates): string[] {
    const everyone = [...this.characterCounts.keys()];
    if (candidates === null || candidates.names.length === 0) return everyone;
    return candidates.names.filter((tenant) => this.characterCounts.has(tenant));
  }

  /** Makes the node the tenant's, its newest, with that time. */
  protected touch(node: NaiveNode, tenant: string, timeS: number, call: number): void {
    const entry = node.owners.get(tenant);
    if (entry === undefined) this.addToCount(tenant, node.text.length);
    node.owners.set(tenant, { timeS, call, since: entry?.since ?? call });
    if (node === this.root) return;
    const others = this.recency.get(tenant)!.slice(1);
    this.recency.set(tenant, [this.root, node, ...others.filter((other) => other !== node)]);
  }

  /** The child that the rest of a text leads to: one that is there, a new leaf, or the upper part of one split. */
  protected childFor(node: NaiveNode, rest: string[], timeS: number): NaiveNode {
    const child = node.children.get(rest[0]!);
    if (child === undefined) {
      const leaf = new NaiveNode(rest, node);
      node.children.set(rest[0]!, leaf);
      return leaf;
    }
    const shared = sharedLength(child.text, rest);
    return shared < child.text.length ? this.split(child, shared, timeS) : child;
  }

  /** Cuts a node in two. The new upper part has the same owners and times, and lies just on its newer side in their lists. */
  protected split(lower: NaiveNode, at: number, _timeS: number): NaiveNode {
    const upper = new NaiveNode(lower.text.slice(0, at), lower.parent);
    lower.parent!.children.set(upper.text[0]!, upper);
    lower.text = lower.text.slice(at);
    lower.parent = upper;
    upper.children.set(lower.text[0]!, lower);
    for (const [tenant, entry] of lower.owners) {
      upper.owners.set(tenant, { ...entry });
      const list = this.recency.get(tenant)!;
      list.splice(list.indexOf(lower), 0, upper);
    }
    return upper;
  }

  /** The nodes at the old end of the tenant's list that follow each other with one time, oldest first; never the root. */
  protected oldestRun(tenant: string): NaiveNode[] {
    const oldestFirst = this.recency.get(tenant)!.slice(1).reverse();
    const timeOf = (node: NaiveNode): number => node.owners.get(tenant)!.timeS;
    const end = oldestFirst.findIndex((node) => timeOf(node) !== timeOf(oldestFirst[0]!));
    return end === -1 ? oldestFirst : oldestFirst.slice(0, end);
  }

  /** Ends a tenant's ownership of a node, and the node when it was the last. Returns the characters given up. */
  protected release(node: NaiveNode, tenant: string): number {
    node.owners.delete(tenant);
    this.addToCount(tenant, -node.text.length);
    const list = this.recency.get(tenant)!;
    list.splice(list.indexOf(node), 1);
    if (node.owners.size === 0) node.parent?.children.delete(node.text[0]!);
    return node.text.length;
  }

  protected addToCount(tenant: string, characters: number): void {
    this.characterCounts.set(tenant, this.characterCounts.get(tenant)! + characters);
  }

  /** The nodes that lie wholly on the text, from the root down. */
  protected path(text: string): NaiveNode[] {
    const nodes = [this.root];
    let rest = this.charactersOf(text);
    for (let node = this.root.children.get(rest[0]!); node !== undefined; node = node.children.get(rest[0]!)) {
      if (sharedLength(node.text, rest) < node.text.length) break;
      nodes.push(node);
      rest = rest.slice(node.text.length);
    }
    return nodes;
  }
}

export class NaiveNode {
  text: string[];
  parent: NaiveNode | null;
  /** By first character. */
  readonly children: Map<string, NaiveNode> = new Map();
  readonly owners: Map<string, NaiveEntry> = new Map();

  constructor(text: string[], parent: NaiveNode | null) {
    this.text = text;
    this.parent = parent;
  }

  firstCodePoint(): number {
    return this.text[0]!.codePointAt(0)!;
  }
}

/** `call` numbers the last insert that touched the node for the tenant, `since` the first. */
export interface NaiveEntry {
  timeS: number;
  call: number;
  since: number;
}

export function sharedLength(a: string[], b: string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
