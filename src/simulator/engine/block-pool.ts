import { BlockTable } from "./block-table.js";
import type { Sequence } from "./sequence.js";

/** Tokens of a block. */
export const BLOCK_SIZE = 16;

const NONE = -1;

/** Told of what comes into the cache and leaves it, one call a copy. */
export interface CacheListener {
  /** Blocks `from` to `to`, the latter not included, of a sequence are full and can be found. */
  stored(sequence: Sequence, from: number, to: number): void;
  /** A block with that hash was taken for something else. */
  removed(hash: number): void;
  cleared(): void;
}

/**
 * The blocks of a KV cache, as vLLM keeps them: counted references, a hash on every full block, and a queue of the free ones in
 * which a block that is freed goes last and keeps its hash, so that its content can be found again until it is taken. Taking,
 * freeing, finding and reviving are O(1), but for blocks with equal hashes: O(how many there are).
 */
export class BlockPool {
  readonly size: number;
  listener: CacheListener | null = null;
  readonly #references: Int32Array;
  readonly #hashes: Float64Array;
  readonly #byHash: BlockTable;
  /** The other blocks with a hash, oldest first: computed twice, since blocks are not shared before they are full. */
  readonly #twins = new Map<number, number[]>();
  /** The free queue, doubly linked; element `size` is its sentinel. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  #free: number;

  constructor(size: number) {
    this.size = size;
    this.#references = new Int32Array(size);
    this.#hashes = new Float64Array(size).fill(NONE);
    this.#byHash = new BlockTable(this.#hashes);
    this.#next = new Int32Array(size + 1);
    this.#previous = new Int32Array(size + 1);
    this.#free = size;
    for (let block = 0; block <= size; block++) {
      this.#next[block] = block === size ? 0 : block + 1;
      this.#previous[block] = block === 0 ? size : block - 1;
    }
  }

  /** Blocks that nobody uses, cached ones among them. */
  get free(): number {
    return this.#free;
  }

  /** The sum of all reference counts. O(size). */
  get references(): number {
    return this.#references.reduce((sum, count) => sum + count, 0);
  }

  /** The block with that hash, or -1. */
  find(hash: number): number {
    return this.#byHash.get(hash);
  }

  /** Whether it has to leave the free queue to be used. */
  isFree(block: number): boolean {
    return this.#references[block] === 0;
  }

  /** Uses a cached block once more. */
  use(block: number): void {
    if (this.#references[block]!++ === 0) this.#unlink(block);
  }

  /** Takes the block that has been free longest; what it held is forgotten. There must be one. */
  take(): number {
    const block = this.#next[this.size]!;
    if (block === this.size) throw new Error("no free block");
    this.#unlink(block);
    this.#forget(block);
    this.#references[block] = 1;
    return block;
  }

  /** Ends one use. A block without uses is free, and the last to be taken. */
  release(block: number): void {
    if (--this.#references[block]! > 0) return;
    const last = this.#previous[this.size]!;
    this.#next[last] = block;
    this.#previous[block] = last;
    this.#next[block] = this.size;
    this.#previous[this.size] = block;
    this.#free++;
  }

  /** Gives a full block its hash. Of blocks with one hash the first is found, and once it is taken the next. */
  cache(block: number, hash: number): void {
    this.#hashes[block] = hash;
    if (this.#byHash.add(block)) return;
    const twins = this.#twins.get(hash);
    if (twins === undefined) this.#twins.set(hash, [block]);
    else twins.push(block);
  }

  /** Forgets what all blocks hold, if none is in use. Returns whether. */
  clear(): boolean {
    if (this.#free < this.size) return false;
    this.#hashes.fill(NONE);
    this.#byHash.clear();
    this.#twins.clear();
    this.listener?.cleared();
    return true;
  }

  #forget(block: number): void {
    const hash = this.#hashes[block]!;
    if (hash === NONE) return;
    this.listener?.removed(hash);
    const found = this.#byHash.get(hash) === block;
    if (found) this.#byHash.delete(block);
    this.#hashes[block] = NONE;
    const twins = this.#twins.get(hash);
    if (twins === undefined) return;
    if (found) this.#byHash.add(twins.shift()!);
    else twins.splice(twins.indexOf(block), 1);
    if (twins.length === 0) this.#twins.delete(hash);
  }

  #unlink(block: number): void {
    const [previous, next] = [this.#previous[block]!, this.#next[block]!];
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#free--;
  }
}
