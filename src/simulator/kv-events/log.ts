import type { CacheListener, Sequence } from "../engine/index.js";
import { blockStored, type KvEvent, type KvEventBatch } from "./event.js";

/** Batches that can be replayed: vLLM's `buffer_steps`. */
export const KEPT_BATCHES = 10_000;

/** The events of an engine's cache, in numbered batches, one a step in which anything has changed. */
export class KvEventLog implements CacheListener {
  readonly #adapters: readonly string[];
  /** Batch `seq` is at `seq % KEPT_BATCHES`. */
  readonly #kept: KvEventBatch[] = [];
  readonly #subscribers = new Set<(batch: KvEventBatch) => void>();
  #pending: KvEvent[] = [];
  #next = 0;

  /** @param adapters names of LoRA adapters, in the order of their numbers. */
  constructor(adapters: readonly string[]) {
    this.#adapters = adapters;
  }

  stored(sequence: Sequence, from: number, to: number): void {
    this.#pending.push(blockStored(sequence, from, to, this.#adapters));
  }

  removed(hash: number): void {
    this.#pending.push({ type: "BlockRemoved", block_hashes: [hash], medium: "GPU" });
  }

  cleared(): void {
    this.#pending.push({ type: "AllBlocksCleared" });
  }

  /** Ends a step's batch, at `ts` seconds since 1970. Without events there is none. */
  flush(ts: number): void {
    if (this.#pending.length === 0) return;
    const batch: KvEventBatch = { seq: this.#next, ts, events: this.#pending, data_parallel_rank: 0 };
    this.#pending = [];
    this.#kept[this.#next % KEPT_BATCHES] = batch;
    this.#next++;
    for (const subscriber of [...this.#subscribers]) subscriber(batch);
  }

  /** The batches from a number on, as far as they are kept. */
  since(seq: number): KvEventBatch[] {
    const batches: KvEventBatch[] = [];
    for (let at = Math.max(seq, this.#next - KEPT_BATCHES, 0); at < this.#next; at++) {
      batches.push(this.#kept[at % KEPT_BATCHES]!);
    }
    return batches;
  }

  /** Calls with every batch from now on. Returns what ends that. */
  subscribe(subscriber: (batch: KvEventBatch) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }
}
