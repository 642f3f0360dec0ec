import SearchableMap from "minisearch/SearchableMap";
import type { Peer, PeerTree } from "./peer.js";

/**
 * The radix tree out of the npm package `minisearch`: keys with values, and all keys that begin with a text. It has no
 * tenants and no recency, and answers whether a whole text is there, not how much of it.
 */
export const searchableMap: Peer = {
  about: "the radix tree of npm's minisearch: no tenants, no eviction, whole texts only",
  exact: false,
  create: () => new MapTree(),
};

class MapTree implements PeerTree {
  readonly #map = new SearchableMap<string>();

  insert(text: string, tenant: string): void {
    this.#map.set(text, tenant);
  }

  prefixMatch(text: string): number {
    return this.#map.has(text) ? text.length : 0;
  }

  clear(): void {
    this.#map.clear();
  }
}
