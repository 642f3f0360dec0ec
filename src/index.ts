/**
 * The tree and the router: no dependencies, no sockets. Runs wherever JavaScript does.
 * @module
 */
export * from "./routing/index.js";
export {
  characterCount,
  DEFAULT_MAX_BYTES,
  type Eviction,
  type EvictionLoopOptions,
  type InsertReceipt,
  type InspectedNode,
  PrefixMatch,
  PrefixTree,
  type PrefixTreeOptions,
  SnapshotError,
  type SweepOptions,
  TenantSet,
  TokenMatch,
  type TreeInspection,
  type TreeStats,
} from "./tree/index.js";
