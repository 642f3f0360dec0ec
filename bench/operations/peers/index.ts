import { blockHashes } from "./block-hashes.js";
import type { Peer } from "./peer.js";
import { heapTree, plainTree } from "./plain/tree.js";
import { searchableMap } from "./searchable-map.js";
import { warmroute } from "./warmroute.js";

/** The peers that run in JavaScript, by the name that `--peers` takes. */
export const peers: Readonly<Record<string, Peer>> = {
  warmroute,
  typescript: plainTree,
  "min-heap": heapTree,
  minisearch: searchableMap,
  "lru-cache": blockHashes,
};
