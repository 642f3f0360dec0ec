export { characterCount } from "./characters.js";
export { nowS } from "./clock.js";
export type { InspectedNode, TreeInspection } from "./inspection.js";
export {
  DEFAULT_MAX_BYTES,
  type EvictionLoopOptions,
  type PrefixTreeOptions,
  type PressureEviction,
  type SweepOptions,
} from "./options.js";
export { PrefixMatch, TokenMatch } from "./prefix-match.js";
export { type InsertReceipt, PrefixTree, type TreeStats } from "./prefix-tree.js";
export { SnapshotError } from "./snapshot-format.js";
export { TenantSet } from "./tenant-set.js";
