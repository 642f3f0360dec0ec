/** Entries of all holders together. A Map has room for 2^24 keys. */
const MOST_ENTRIES = 8388608;
const NONE = -1;

/**
 * Which holders have which blocks: for each block the holders that have it, and for each holder its blocks from the one used
 * last to the one used longest ago, at most `capacity` of them. An entry is a block at a holder; entries are linked twice, as
 * the block's and in the holder's order of use. 20 bytes an entry and about 40 a block; at most 2^23 entries in all.
 */
export class BlockIndex {
  readonly #capacity: number;
  /** The first entry of a block. */
  readonly #firstOf = new Map<number, number>();
  /** By holder: its newest and oldest entry, and how many there are. */
  readonly #newest: number[] = [];
  readonly #oldest: number[] = [];
  readonly #counts: number[] = [];
  /** By entry. */
  #block = new Float64Array(1024);
  #holder = new Int32Array(1024);
  /** The next entry of the same block. */
  #sibling = new Int32Array(1024);
  #newer = new Int32Array(1024);
  #older = new Int32Array(1024);
  /** Free entries, linked by `#older`. */
  #free = NONE;
  #used = 0;
  #live = 0;
  /** The first entries of the blocks that were matched last, as many as hold still: each block is looked up once for both. */
  #firsts = new Int32Array(64);
  #known = 0;

  /** @param capacity most blocks of a holder. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Entries in all. */
  get size(): number {
    return this.#live;
  }

  /** @param holder a small whole number. It begins with nothing. */
  addHolder(holder: number): void {
    this.#newest[holder] = NONE;
    this.#oldest[holder] = NONE;
    this.#counts[holder] = 0;
  }

  removeHolder(holder: number): void {
    while (this.#counts[holder]! > 0) this.#drop(this.#oldest[holder]!);
  }

  /**
   * How many of the blocks, from the first on and without a gap, each holder has.
   * @param runs by holder, all 0; filled in. O(blocks + entries of those blocks).
   */
  match(blocks: Float64Array, count: number, runs: Uint32Array): void {
    if (this.#firsts.length < count) this.#firsts = new Int32Array(count * 2);
    this.#known = 0;
    for (let i = 0; i < count; i++) {
      let goesOn = false;
      const first = this.#firstOf.get(blocks[i]!) ?? NONE;
      this.#firsts[i] = first;
      this.#known = i + 1;
      for (let entry = first; entry !== NONE; entry = this.#sibling[entry]!) {
        const holder = this.#holder[entry]!;
        if (runs[holder] !== i) continue;
        runs[holder] = i + 1;
        goesOn = true;
      }
      if (!goesOn) return;
    }
  }

  /**
   * Gives a holder the blocks, as those it used last: the first one most recently, since without it the others are worth
   * nothing. What it has beyond its capacity goes.
   * @param areMatched whether they are those that `match` was last asked for.
   * @returns those that it did not have.
   */
  add(holder: number, blocks: Float64Array, count: number, areMatched: boolean): number[] {
    const added: number[] = [];
    if (!areMatched) this.#known = 0;
    for (let i = Math.min(count, this.#capacity) - 1; i >= 0; i--) {
      const block = blocks[i]!;
      const entry = this.#from(i < this.#known ? this.#firsts[i]! : this.#firstOf.get(block), holder);
      if (entry !== NONE) {
        if (this.#newest[holder] === entry) continue;
        this.#unlink(entry);
        this.#link(entry);
      } else {
        this.#create(block, holder);
        added.push(block);
      }
    }
    this.#known = 0;
    return added;
  }

  /** Takes a block from a holder, if it has it. */
  remove(holder: number, block: number): void {
    const entry = this.#from(this.#firstOf.get(block), holder);
    if (entry !== NONE) this.#drop(entry);
  }

  /** The holder's among the entries of a block. */
  #from(first: number | undefined, holder: number): number {
    let entry = first ?? NONE;
    while (entry !== NONE && this.#holder[entry] !== holder) entry = this.#sibling[entry]!;
    return entry;
  }

  #create(block: number, holder: number): void {
    if (this.#counts[holder]! >= this.#capacity || (this.#live >= MOST_ENTRIES && this.#counts[holder]! > 0)) {
      this.#drop(this.#oldest[holder]!);
    }
    const entry = this.#take();
    this.#block[entry] = block;
    this.#holder[entry] = holder;
    this.#sibling[entry] = this.#firstOf.get(block) ?? NONE;
    this.#firstOf.set(block, entry);
    this.#link(entry);
    this.#counts[holder]!++;
    this.#live++;
  }

  #drop(entry: number): void {
    this.#known = 0;
    const block = this.#block[entry]!;
    const next = this.#sibling[entry]!;
    let before = this.#firstOf.get(block)!;
    if (before !== entry) {
      while (this.#sibling[before] !== entry) before = this.#sibling[before]!;
      this.#sibling[before] = next;
    } else if (next === NONE) this.#firstOf.delete(block);
    else this.#firstOf.set(block, next);
    this.#unlink(entry);
    this.#counts[this.#holder[entry]!]!--;
    this.#live--;
    this.#older[entry] = this.#free;
    this.#free = entry;
  }

  /** Makes an entry its holder's newest. */
  #link(entry: number): void {
    const holder = this.#holder[entry]!;
    const newest = this.#newest[holder]!;
    this.#older[entry] = newest;
    this.#newer[entry] = NONE;
    if (newest === NONE) this.#oldest[holder] = entry;
    else this.#newer[newest] = entry;
    this.#newest[holder] = entry;
  }

  #unlink(entry: number): void {
    const holder = this.#holder[entry]!;
    const [newer, older] = [this.#newer[entry]!, this.#older[entry]!];
    if (newer === NONE) this.#newest[holder] = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest[holder] = newer;
    else this.#newer[older] = newer;
  }

  #take(): number {
    const entry = this.#free;
    if (entry !== NONE) {
      this.#free = this.#older[entry]!;
      return entry;
    }
    if (this.#used === this.#holder.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const length = this.#used * 2;
    const block = new Float64Array(length);
    block.set(this.#block);
    this.#block = block;
    this.#holder = longer(this.#holder, length);
    this.#sibling = longer(this.#sibling, length);
    this.#newer = longer(this.#newer, length);
    this.#older = longer(this.#older, length);
  }
}

function longer(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  copy.set(array);
  return copy;
}
