export { BLOCK_SIZE, BlockPool, type CacheListener } from "./block-pool.js";
export { Engine, type GeneratedToken, type Step } from "./engine.js";
export { Sequence, type SequenceOptions } from "./sequence.js";
