/**
 * Finds a block by its hash: open addressing in one typed array, 8 to 16 bytes a block of the pool, where a `Map` of numbers beyond 31
 * bits takes some 60 and makes garbage. A block's hash must stay the same while it is in the table.
 */
export class BlockTable {
  readonly #hashes: Float64Array;
  /** Block + 1; 0 is empty. At most half full, so that runs are short. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** @param hashes of all blocks, whole numbers; the pool's own array. */
  constructor(hashes: Float64Array) {
    let slots = 4;
    while (slots < 2 * hashes.length) slots *= 2;
    this.#hashes = hashes;
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  /** The block with that hash, or -1. */
  get(hash: number): number {
    return this.#slots[this.#slotOf(hash)]! - 1;
  }

  /** False, without effect, when there is one with its hash. */
  add(block: number): boolean {
    const slot = this.#slotOf(this.#hashes[block]!);
    if (this.#slots[slot] !== 0) return false;
    this.#slots[slot] = block + 1;
    return true;
  }

  /** A block that is in the table. */
  delete(block: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#slotOf(this.#hashes[block]!);
    // What stands behind it moves up, unless it would come to stand before the place that its hash gives.
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hashes[slots[slot]! - 1]! & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot]!;
      hole = slot;
    }
    slots[hole] = 0;
  }

  clear(): void {
    this.#slots.fill(0);
  }

  /** The slot of the block with that hash, or the empty one where it would go. */
  #slotOf(hash: number): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = this.#mask;
    let slot = hash & mask;
    for (let block = slots[slot]!; block !== 0 && hashes[block - 1] !== hash; block = slots[slot]!)
      slot = (slot + 1) & mask;
    return slot;
  }
}
