import type { Candidates } from "./candidates.js";

/**
 * A prepared list of candidates for `prefixMatch` and `getSmallestTenants`, made by `PrefixTree.tenantSet`: matching
 * with it costs the same however many names it has. Order and repeats are kept. It stays valid as tenants come and go:
 * a name counts while the tree has a tenant of that name.
 */
export class TenantSet {
  /** The names, in the order given, repeats kept. */
  readonly names: readonly string[];
  readonly #tree: object;
  #version = -1;
  #candidates: Candidates | null = null;

  /** @internal */
  constructor(tree: object, names: readonly string[]) {
    this.#tree = tree;
    this.names = Object.freeze([...names]);
  }

  /** @internal */
  belongsTo(tree: object): boolean {
    return this.#tree === tree;
  }

  /** @internal What the names mean to the tree at this version of its tenants. O(1) while that has not changed. */
  resolve(version: number, candidatesOf: (names: readonly string[]) => Candidates): Candidates {
    if (this.#candidates === null || this.#version !== version) {
      this.#candidates = candidatesOf(this.names);
      this.#version = version;
    }
    return this.#candidates;
  }
}
