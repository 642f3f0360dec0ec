import { blockHash, rootHash } from "./block-hash.js";
import { BLOCK_SIZE } from "./block-pool.js";

export interface SequenceOptions {
  /** At least one token. */
  prompt: readonly number[];
  /** How many tokens are generated, 1 or more. */
  outputTokens: number;
  /** The i-th token of the output. */
  outputToken: (index: number) => number;
  /** Caches with different salts share nothing. */
  cacheSalt?: string;
  /** The LoRA adapter that it asks for: caches with different ones share nothing. */
  adapter?: string;
  /** When its client's request came in. Default: when it arrives in the engine. */
  receivedMs?: number;
}

/** A request in the engine. */
export class Sequence {
  readonly promptTokens: number;
  /** Of its LoRA adapter; empty for none. */
  readonly adapter: string;
  readonly cacheSalt: string;
  readonly outputTokens: number;
  readonly receivedMs: number;
  readonly arrivedMs: number;
  /** Prompt, then what has been generated. */
  readonly tokens: number[];
  /** How many of the tokens have their keys and values in the cache. */
  computed = 0;
  /** Prompt tokens found in the cache when it was first scheduled. */
  cachedTokens = 0;
  readonly blocks: number[] = [];
  /** When it was first scheduled, when its first and its last token came; null before. */
  scheduledMs: number | null = null;
  firstTokenMs: number | null = null;
  finishedMs: number | null = null;
  aborted = false;
  readonly #outputToken: (index: number) => number;
  readonly #hashes: number[] = [];
  readonly #root: number;

  constructor(options: SequenceOptions, arrivedMs: number) {
    const { prompt, outputTokens, outputToken, cacheSalt = "", adapter = "", receivedMs = arrivedMs } = options;
    this.tokens = [...prompt];
    this.promptTokens = prompt.length;
    this.outputTokens = outputTokens;
    this.receivedMs = receivedMs;
    this.arrivedMs = arrivedMs;
    this.#outputToken = outputToken;
    this.adapter = adapter;
    this.cacheSalt = cacheSalt;
    this.#root = rootHash(cacheSalt, adapter);
  }

  get generated(): number {
    return this.tokens.length - this.promptTokens;
  }

  /** Generates a token. Returns its index. */
  generate(): number {
    const index = this.generated;
    this.tokens.push(this.#outputToken(index));
    return index;
  }

  /** The hash of a block whose tokens are all there. */
  hashOf(block: number): number {
    while (this.#hashes.length <= block) {
      const next = this.#hashes.length;
      this.#hashes.push(blockHash(this.#hashes[next - 1] ?? this.#root, this.tokens, next * BLOCK_SIZE));
    }
    return this.#hashes[block]!;
  }
}
