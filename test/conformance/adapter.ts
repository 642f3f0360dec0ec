import type {
  Eviction,
  InsertReceipt,
  PrefixMatch,
  PrefixTree,
  PrefixTreeOptions,
  TenantSet,
} from "../../src/tree/index.js";
import { RELEASE, type TreeMaker } from "../tree/maker.js";
import { keyOf } from "./naive-node.js";

/** What the vectors and the fuzz ask of a tree. Characters are code points, times seconds; results are plain values. */
export interface TreeUnderTest {
  addTenants(tenants: readonly string[], timeS: number): void;
  insert(text: Text, tenant: string, timeS: number, namespace?: string): void;
  match(text: Text, candidates: Candidates, namespace?: string, timeS?: number): Found;
  /** For each tenant what a match with it alone would find. */
  matchEach(text: string, tenants: readonly string[], namespace?: string, timeS?: number): number[];
  /** A match, then an insert for the first tenant that it names. */
  matchThenInsert(text: string, candidates: Candidates, timeS: number, namespace?: string): Found;
  /** As insert; the receipt is for this tree's `revoke`. */
  insertRevocable(text: string, tenant: string, timeS: number, namespace?: string): unknown;
  revoke(text: string, tenant: string, receipt: unknown, namespace?: string): number;
  /** One pair a distinct name. */
  remove(tenants: readonly string[]): [tenant: string, removed: number][];
  evict(tenant: string, minRemoveSize: number): number;
  smallest(candidates: Candidates): string[] | null;
  /** The tenants that lost characters, and how many. */
  sweep(evictionThreshold: number, evictionTarget: number): [tenant: string, removed: number][];
  /** The tenants that lost characters, and how many. */
  expire(timeS: number): [tenant: string, removed: number][];
  compact(): number;
  /** Takes over what another tree of its kind has. */
  merge(other: TreeUnderTest): void;
  /** Goes on as a tree restored from this one's snapshot. */
  restart(): void;
  /** What the tree has evicted of its own accord since this was last asked, in order. */
  takeEvictions(): Eviction[];
  /** What the tree's memory takes. */
  memoryBytes(): number;
  counts(): [tenant: string, characters: number][];
  dump(): TreeState;
}

/** Null: no list given. `prepared`: as a `TenantSet`, where a tree knows such. */
export type Candidates = { readonly names: readonly string[]; readonly prepared?: boolean } | null;

/** A text, or token ids. */
export type Text = string | readonly number[];

export interface Bounds {
  readonly maxBytes?: number;
  readonly maxChars?: number;
  readonly ttlSecs?: number;
}

export interface Found {
  matchedChars: number;
  matchedText: Text;
  matchedTenants: string[] | null;
}

/**
 * Node 0 is the root; then depth first, children in the order of their first characters, then in the same way the other
 * namespaces by key; pairs in the order of tenants. Tokens are shown as their ids, with a space after each.
 */
export interface TreeState {
  nodes: { parent: number; text: string; namespace: string | null; times: [tenant: string, timeS: number][] }[];
  /** Indices of nodes, newest first, the root first of all. */
  recency: [tenant: string, nodes: number[]][];
}

/** Ways to spoil a `PrefixTree`: one of its methods goes wrong. */
export const SPOILED: Readonly<Record<string, (tree: PrefixTree) => Partial<PrefixTree>>> = {
  "a match refreshes recency": (tree) => {
    const { prefixMatch } = tree;
    return {
      prefixMatch(text, ...rest) {
        const match = prefixMatch.call(tree, text, ...rest);
        const owner = match.matchedTenants?.[0];
        if (owner !== undefined && match.matchedChars > 0) tree.insert(match.matchedText, owner, 0);
        return match;
      },
    };
  },
  "a removal is forgotten": () => ({ removeTenants: () => new Map() }),
  "eviction stops one character too soon": (tree) => {
    const { evictTenantByLru } = tree;
    return { evictTenantByLru: (tenant, least) => evictTenantByLru.call(tree, tenant, Math.max(0, least - 1)) };
  },
  "a text loses its last character": (tree) => {
    const { insert } = tree;
    return { insert: (text, ...rest) => insert.call(tree, Array.from(text).slice(0, -1).join(""), ...rest) };
  },
  "a later time is kept": (tree) => {
    const { insert } = tree;
    let latest = Number.NEGATIVE_INFINITY;
    return {
      insert(text, tenant, timeS = 0, ...rest) {
        latest = Math.max(latest, timeS);
        insert.call(tree, text, tenant, latest, ...rest);
      },
    };
  },
};

/** `PrefixTree` as a tree under test; `spoiled` switches one of the faults above on. */
export class PrefixTreeUnderTest implements TreeUnderTest {
  tree: PrefixTree;
  readonly #make: TreeMaker;
  readonly #options: PrefixTreeOptions;
  readonly #spoiled: keyof typeof SPOILED | undefined;
  #evictions: Eviction[] = [];
  /** Made once a list of names, so that a set meets tenants that have come and gone since. */
  readonly #sets = new Map<string, TenantSet>();

  constructor(bounds: Bounds = {}, make: TreeMaker = RELEASE, spoiled?: keyof typeof SPOILED) {
    this.#make = make;
    this.#options = { ...bounds, onEvict: (eviction) => this.#evictions.push(eviction) };
    this.#spoiled = spoiled;
    this.tree = this.#spoil(make.create(this.#options));
  }

  addTenants(tenants: readonly string[], timeS: number): void {
    this.tree.addTenants(tenants, timeS);
  }

  insert(text: Text, tenant: string, timeS: number, namespace?: string): void {
    if (typeof text === "string") this.tree.insert(text, tenant, timeS, namespace);
    else this.tree.insertTokens(text, tenant, timeS, namespace);
  }

  match(text: Text, candidates: Candidates, namespace?: string, timeS?: number): Found {
    const available = this.#argument(candidates);
    if (typeof text === "string") return plain(this.tree.prefixMatch(text, available, namespace, timeS));
    const { matchedTokens, matchedTenants } = this.tree.prefixMatchTokens(text, available, namespace, timeS);
    return { matchedChars: matchedTokens, matchedText: text.slice(0, matchedTokens), matchedTenants };
  }

  matchEach(text: string, tenants: readonly string[], namespace?: string, timeS?: number): number[] {
    return [...this.tree.prefixMatchEach(text, tenants, namespace, timeS)];
  }

  matchThenInsert(text: string, candidates: Candidates, timeS: number, namespace?: string): Found {
    let found: Found | undefined;
    const choose = (match: PrefixMatch): string | null => {
      found = plain(match);
      return found.matchedTenants?.[0] ?? null;
    };
    this.tree.matchThenInsert(text, this.#argument(candidates), choose, timeS, namespace);
    return found!;
  }

  insertRevocable(text: string, tenant: string, timeS: number, namespace?: string): InsertReceipt {
    return this.tree.insertRevocable(text, tenant, timeS, namespace);
  }

  revoke(text: string, tenant: string, receipt: unknown): number {
    return this.tree.revokeInsert(text, tenant, receipt as InsertReceipt);
  }

  remove(tenants: readonly string[]): [string, number][] {
    return [...this.tree.removeTenants(tenants)];
  }

  /** `PrefixTree` refuses to be asked for less than nothing; the reference takes it as nothing. */
  evict(tenant: string, minRemoveSize: number): number {
    return this.tree.evictTenantByLru(tenant, Math.max(minRemoveSize, 0));
  }

  smallest(candidates: Candidates): string[] | null {
    return this.tree.getSmallestTenants(this.#argument(candidates));
  }

  sweep(evictionThreshold: number, evictionTarget: number): [string, number][] {
    return [...this.tree.sweep({ evictionThreshold, evictionTarget })];
  }

  expire(timeS: number): [string, number][] {
    return [...this.tree.expire(timeS)];
  }

  compact(): number {
    return this.tree.compact();
  }

  merge(other: TreeUnderTest): void {
    const snapshot = (other as PrefixTreeUnderTest).tree.snapshot();
    this.tree = this.#spoil(this.#make.merge(this.tree, snapshot, this.#options));
    this.#sets.clear();
  }

  restart(): void {
    this.tree = this.#spoil(this.#make.restore(this.tree.snapshot(), this.#options));
    this.#sets.clear();
  }

  takeEvictions(): Eviction[] {
    return this.#evictions.splice(0);
  }

  memoryBytes(): number {
    return this.tree.stats().memoryBytes;
  }

  counts(): [string, number][] {
    return [...this.tree.tenantToCharCount];
  }

  dump(): TreeState {
    const { nodes, recency } = this.tree.inspect();
    return {
      nodes: nodes.map(({ parent, text, tokens, namespace, times }) => ({
        parent,
        text: tokens === undefined ? text : tokens.map((token) => `${token} `).join(""),
        namespace: namespace === undefined ? null : keyOf({ name: namespace.name, tokens: namespace.tokens ?? false }),
        times: [...times],
      })),
      recency: [...recency],
    };
  }

  #spoil(tree: PrefixTree): PrefixTree {
    return this.#spoiled === undefined ? tree : Object.assign(tree, SPOILED[this.#spoiled]!(tree));
  }

  #argument(candidates: Candidates): readonly string[] | TenantSet | null {
    if (candidates === null || !candidates.prepared) return candidates?.names ?? null;
    const key = JSON.stringify(candidates.names);
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = this.tree.tenantSet(candidates.names);
      this.#sets.set(key, set);
    }
    return set;
  }
}

function plain({ matchedChars, matchedText, matchedTenants }: PrefixMatch): Found {
  return { matchedChars, matchedText, matchedTenants };
}
