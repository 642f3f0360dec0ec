/**
 * A seeded generator that gives the same numbers on every engine: xoshiro128** 1.1 (Blackman and Vigna, 2018; public domain
 * reference at prng.di.unimi.it), its state filled from the seed by splitmix32 (the 32-bit finaliser of MurmurHash3 over a
 * Weyl sequence). Period 2^128 - 1. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed a whole number; its lowest 32 bits count. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a whole number, not ${String(seed)}`);
    const next = splitmix32(seed);
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotate(this.#d, 11);
    return result;
  }

  /** A whole number from 0 to `limit` - 1, each equally likely. `limit`: 1 to 2^32. */
  below(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > 4294967296) {
      throw new RangeError(`limit must be a whole number from 1 to 2^32, not ${limit}`);
    }
    // Numbers beyond the last whole multiple of `limit` would make the small results likelier.
    const end = 4294967296 - (4294967296 % limit);
    for (;;) {
      const number = this.uint32();
      if (number < end) return number % limit;
    }
  }

  /** What the work returns; the numbers that it draws are drawn again afterwards. */
  peek<Result>(work: () => Result): Result {
    const [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d];
    try {
      return work();
    } finally {
      [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
    }
  }

  /** A number from 0 up to, not including, 1, in steps of 2^-53. */
  float(): number {
    return (this.uint32() * 2097152 + (this.uint32() >>> 11)) / 9007199254740992;
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
}
