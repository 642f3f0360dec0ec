export { characterCount } from "./characters.js";
export { nowS } from "./clock.js";
export { unref } from "./eviction-loop.js";
export type { InspectedNode, TreeInspection } from "./inspection.js";
export {
  DEFAULT_MAX_BYTES,
  type Eviction,
  type EvictionLoopOptions,
  type PrefixTreeOptions,
  type SweepOptions,
} from "./options.js";
export type { TreeStats } from "./parts.js";
export { PrefixMatch, TokenMatch } from "./prefix-match.js";
export { PrefixTree } from "./prefix-tree.js";
export type { InsertReceipt } from "./receipt.js";
export { SnapshotError } from "./snapshot-format.js";
export { TenantSet } from "./tenant-set.js";
export { textOfTokens } from "./tokens.js";
