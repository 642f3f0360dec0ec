import type { KvEvent, KvEventBatch } from "./event.js";
import { Float, msgpack, type Packable, type PackableMap } from "./msgpack.js";

/** How events are encoded in MessagePack: positional arrays, as vLLM did up to v0.22, or maps with their type, as since then. */
export type KvEventEncoding = "array" | "map";

/** The sequence number of the message that ends a replay: 2^64 − 1, which is −1. */
export const END_OF_REPLAY = 0xffff_ffff_ffff_ffffn;

/** The third frame of vLLM's messages: `[ts, events, data_parallel_rank]`. */
export function batchPayload(batch: KvEventBatch, encoding: KvEventEncoding): Uint8Array<ArrayBuffer> {
  const events = batch.events.map((event) =>
    encoding === "map" ? (event as unknown as PackableMap) : positional(event),
  );
  return msgpack([new Float(batch.ts), events, batch.data_parallel_rank]);
}

/** The second frame: 64 bits, the highest byte first. */
export function sequenceFrame(seq: number | bigint): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(8);
  new DataView(frame.buffer).setBigUint64(0, BigInt(seq));
  return frame;
}

function positional(event: KvEvent): Packable[] {
  switch (event.type) {
    case "BlockStored":
      return [
        event.type,
        event.block_hashes,
        event.parent_block_hash,
        event.token_ids,
        event.block_size,
        event.lora_id,
        event.medium,
        event.lora_name,
        event.extra_keys,
      ];
    case "BlockRemoved":
      return [event.type, event.block_hashes, event.medium];
    case "AllBlocksCleared":
      return [event.type];
  }
}
