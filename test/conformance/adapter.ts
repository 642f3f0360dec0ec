import { type InsertReceipt, PrefixTree, type TenantSet } from "../../src/tree/index.js";

/** What the vectors and the fuzz ask of a tree. Characters are code points, times seconds; results are plain values. */
export interface TreeUnderTest {
  addTenants(tenants: readonly string[], timeS: number): void;
  insert(text: string, tenant: string, timeS: number): void;
  match(text: string, candidates: Candidates): Found;
  /** For each tenant what a match with it alone would find. */
  matchEach(text: string, tenants: readonly string[]): number[];
  /** A match, then an insert for the first tenant that it names. */
  matchThenInsert(text: string, candidates: Candidates, timeS: number): Found;
  /** As insert; the receipt is for this tree's `revoke`. */
  insertRevocable(text: string, tenant: string, timeS: number): unknown;
  revoke(text: string, tenant: string, receipt: unknown): number;
  /** One pair a distinct name. */
  remove(tenants: readonly string[]): [tenant: string, removed: number][];
  evict(tenant: string, minRemoveSize: number): number;
  smallest(candidates: Candidates): string[] | null;
  /** The tenants that lost characters, and how many. */
  sweep(evictionThreshold: number, evictionTarget: number): [tenant: string, removed: number][];
  counts(): [tenant: string, characters: number][];
  dump(): TreeState;
}

/** Null: no list given. `prepared`: as a `TenantSet`, where a tree knows such. */
export type Candidates = { readonly names: readonly string[]; readonly prepared?: boolean } | null;

export interface Found {
  matchedChars: number;
  matchedText: string;
  matchedTenants: string[] | null;
}

/** Node 0 is the root; then depth first, children in the order of their first characters; pairs in the order of tenants. */
export interface TreeState {
  nodes: { parent: number; text: string; times: [tenant: string, timeS: number][] }[];
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
  readonly tree: PrefixTree;
  /** Made once a list of names, so that a set meets tenants that have come and gone since. */
  readonly #sets = new Map<string, TenantSet>();

  constructor(tree: PrefixTree = new PrefixTree(), spoiled?: keyof typeof SPOILED) {
    this.tree = tree;
    if (spoiled !== undefined) Object.assign(tree, SPOILED[spoiled]!(tree));
  }

  addTenants(tenants: readonly string[], timeS: number): void {
    this.tree.addTenants(tenants, timeS);
  }

  insert(text: string, tenant: string, timeS: number): void {
    this.tree.insert(text, tenant, timeS);
  }

  match(text: string, candidates: Candidates): Found {
    const { matchedChars, matchedText, matchedTenants } = this.tree.prefixMatch(text, this.#argument(candidates));
    return { matchedChars, matchedText, matchedTenants };
  }

  matchEach(text: string, tenants: readonly string[]): number[] {
    return [...this.tree.prefixMatchEach(text, tenants)];
  }

  matchThenInsert(text: string, candidates: Candidates, timeS: number): Found {
    let found: Found | undefined;
    this.tree.matchThenInsert(
      text,
      this.#argument(candidates),
      ({ matchedChars, matchedText, matchedTenants }) => {
        found = { matchedChars, matchedText, matchedTenants };
        return matchedTenants?.[0] ?? null;
      },
      timeS,
    );
    return found!;
  }

  insertRevocable(text: string, tenant: string, timeS: number): InsertReceipt {
    return this.tree.insertRevocable(text, tenant, timeS);
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

  counts(): [string, number][] {
    return [...this.tree.tenantToCharCount];
  }

  dump(): TreeState {
    const { nodes, recency } = this.tree.inspect();
    return {
      nodes: nodes.map(({ parent, text, times }) => ({ parent, text, times: [...times] })),
      recency: [...recency],
    };
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
