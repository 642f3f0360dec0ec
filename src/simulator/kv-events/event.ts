import { BLOCK_SIZE, type Sequence } from "../engine/index.js";

/** vLLM's events of its block cache, in the field names of its own maps (v0.26 and later). */
export type KvEvent = BlockStored | BlockRemoved | AllBlocksCleared;

export interface BlockStored {
  readonly type: "BlockStored";
  /** Of consecutive blocks of one sequence; whole numbers below 2^53. */
  readonly block_hashes: readonly number[];
  /** The block before the first of them; null when that begins a prompt. */
  readonly parent_block_hash: number | null;
  readonly token_ids: readonly number[];
  readonly block_size: number;
  /** vLLM's number of the adapter, from 1 on; null without one. */
  readonly lora_id: number | null;
  readonly medium: "GPU";
  readonly lora_name: string | null;
  /** What goes into each block's hash besides its tokens: the adapter, and in a prompt's first block the salt. */
  readonly extra_keys: readonly (readonly string[] | null)[];
}

export interface BlockRemoved {
  readonly type: "BlockRemoved";
  readonly block_hashes: readonly number[];
  readonly medium: "GPU";
}

export interface AllBlocksCleared {
  readonly type: "AllBlocksCleared";
}

/** What one engine step has changed. */
export interface KvEventBatch {
  /** From 0 on, one more each; a restart begins again at 0. */
  readonly seq: number;
  /** Seconds since 1970. */
  readonly ts: number;
  readonly events: readonly KvEvent[];
  readonly data_parallel_rank: number;
}

/** @param adapters all names, in the order of their numbers. */
export function blockStored(sequence: Sequence, from: number, to: number, adapters: readonly string[]): BlockStored {
  const { adapter, cacheSalt, tokens } = sequence;
  const blocks = Array.from({ length: to - from }, (_, i) => from + i);
  return {
    type: "BlockStored",
    block_hashes: blocks.map((block) => sequence.hashOf(block)),
    parent_block_hash: from === 0 ? null : sequence.hashOf(from - 1),
    token_ids: Array.from(tokens.slice(from * BLOCK_SIZE, to * BLOCK_SIZE)),
    block_size: BLOCK_SIZE,
    lora_id: adapter === "" ? null : adapters.indexOf(adapter) + 1,
    medium: "GPU",
    lora_name: adapter === "" ? null : adapter,
    extra_keys: blocks.map((block) => {
      const keys = [...(adapter === "" ? [] : [adapter]), ...(block > 0 || cacheSalt === "" ? [] : [cacheSalt])];
      return keys.length === 0 ? null : keys;
    }),
  };
}
