/** A set of block hashes that only grows: open addressing in one typed array, 11 to 21 bytes a hash. */
export class HashSet {
  size = 0;
  /** 0 is no hash here: `add` stands in for it. */
  #slots = new Float64Array(1024);

  has(hash: number): boolean {
    return this.#slots[this.#find(hash)] !== 0;
  }

  add(hash: number): void {
    const slot = this.#find(hash);
    if (this.#slots[slot] !== 0) return;
    this.#slots[slot] = hash || ZERO;
    this.size++;
    if (this.size * 4 > this.#slots.length * 3) this.#grow();
  }

  /** The slot of the hash, or the free one where it would go. */
  #find(given: number): number {
    const hash = given || ZERO;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0 && slots[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Float64Array(2 * before.length);
    for (const hash of before) if (hash !== 0) this.#slots[this.#find(hash)] = hash;
  }
}

/** Stands for the hash 0. Above 2^53, so no hash is it. */
const ZERO = 2 ** 54;
