import { decode } from "@msgpack/msgpack";
import { freePort } from "../../../src/cli/processes/free-port.js";
import { type SseEvent, SseParser } from "../../../src/protocol/index.js";
import type { KvEvent, KvEventBatch } from "../../../src/simulator/kv-events/event.js";

/** The frames of `/kv_events?format=msgpack`: sequence number, and the payload decoded; null for an empty one. */
export function frames(bytes: Uint8Array): { seq: bigint; payload: unknown }[] {
  const all = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at);
    const payload = bytes.subarray(at + 12, at + 4 + length);
    all.push({ seq: view.getBigUint64(at + 4), payload: payload.length === 0 ? null : decode(payload) });
    at += 4 + length;
  }
  return all;
}

/** What a consumer knows of a replica's cache: how many copies of each block. */
export class Mirror {
  readonly copies: Map<number, number> = new Map();

  apply(events: readonly KvEvent[]): void {
    for (const event of events) {
      if (event.type === "AllBlocksCleared") this.copies.clear();
      else for (const hash of event.block_hashes) this.#add(hash, event.type === "BlockStored" ? 1 : -1);
    }
  }

  #add(hash: number, by: number): void {
    const count = (this.copies.get(hash) ?? 0) + by;
    if (count < 0) throw new Error(`block ${hash} was removed and not stored`);
    if (count === 0) this.copies.delete(hash);
    else this.copies.set(hash, count);
  }
}

export function parse(text: string): SseEvent[] {
  return new SseParser().push(text);
}

export function batches(text: string): KvEventBatch[] {
  return parse(text)
    .filter(({ event }) => event === "message")
    .map(({ data }) => JSON.parse(data) as KvEventBatch);
}

/** An address of ZeroMQ's that nobody has. */
export async function freeEndpoint(): Promise<string> {
  return `tcp://127.0.0.1:${await freePort()}`;
}
