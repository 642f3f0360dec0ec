import { BLOCK_SIZE, BlockPool, type Sequence } from "../engine/index.js";
import { HashSet } from "./hash-set.js";

/**
 * How many tokens of the prompts a better cache would have had: one without end, and one as large as those of all replicas together,
 * to both of which every request goes in the order in which they reach their engines. A prompt counts as cached from then on, so
 * both are upper bounds.
 */
export class CacheBounds {
  infiniteHits = 0;
  oneCacheHits = 0;
  readonly #all = new HashSet();
  readonly #pool: BlockPool;
  readonly #held: number[] = [];

  /** @param blocks of all replicas together. */
  constructor(blocks: number) {
    this.#pool = new BlockPool(blocks);
  }

  /** Different blocks of all that was sent and generated. */
  get differentBlocks(): number {
    return this.#all.size;
  }

  /** A prompt has come. Returns how many of its tokens the endless cache had. */
  prompt(sequence: Sequence): number {
    const { promptTokens } = sequence;
    const most = Math.floor((promptTokens - 1) / BLOCK_SIZE);
    const blocks = Math.floor(promptTokens / BLOCK_SIZE);
    let known = 0;
    while (known < most && this.#all.has(sequence.hashOf(known))) known++;
    this.infiniteHits += known * BLOCK_SIZE;
    this.oneCacheHits += Math.min(this.#use(sequence, blocks), most) * BLOCK_SIZE;
    for (let i = known; i < blocks; i++) this.#all.add(sequence.hashOf(i));
    return known * BLOCK_SIZE;
  }

  /** A request has ended: what was generated is cached too. */
  answered(sequence: Sequence): void {
    // The last token is never computed.
    const blocks = Math.floor((sequence.tokens.length - 1) / BLOCK_SIZE);
    for (let i = Math.floor(sequence.promptTokens / BLOCK_SIZE); i < blocks; i++) this.#all.add(sequence.hashOf(i));
    this.#use(sequence, blocks);
  }

  /** Uses and frees the sequence's first blocks as an engine would. Returns how many of them, from the first on, were there. */
  #use(sequence: Sequence, blocks: number): number {
    const pool = this.#pool;
    const held = this.#held;
    for (let i = 0; i < blocks; i++) {
      const block = pool.find(sequence.hashOf(i));
      if (block < 0) break;
      pool.use(block);
      held.push(block);
    }
    const found = held.length;
    for (let i = found; i < blocks && pool.free > 0; i++) {
      const block = pool.take();
      pool.cache(block, sequence.hashOf(i));
      held.push(block);
    }
    for (let block = held.pop(); block !== undefined; block = held.pop()) pool.release(block);
    return found;
  }
}
