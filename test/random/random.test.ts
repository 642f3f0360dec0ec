import { describe, expect, test } from "vitest";
import { Random } from "../../src/random/index.js";

describe("Random", () => {
  test("gives the same numbers for the same seed, on every engine", () => {
    const random = new Random(42);
    expect(Array.from({ length: 4 }, () => random.uint32())).toMatchInlineSnapshot(`
      [
        2837322924,
        544945897,
        479756282,
        3500138142,
      ]
    `);
    expect(new Random(42).uint32()).toBe(new Random(42).uint32());
    expect(new Random(43).uint32()).not.toBe(new Random(42).uint32());
  });

  test.each([0, 1, -1, 42, 2 ** 32 + 42, Number.MAX_SAFE_INTEGER])("is xoshiro128** 1.1, seed %d", (seed) => {
    const random = new Random(seed);
    const expected = xoshiro128StarStar(BigInt(seed));
    for (let i = 0; i < 1000; i++) expect(random.uint32()).toBe(Number(expected()));
    for (let i = 0; i < 1000; i++) {
      expect(random.float()).toBe(Number((expected() << 21n) | (expected() >> 11n)) / 2 ** 53);
    }
  });

  test("below has no bias where the limit is not a divisor of 2^32", () => {
    // The remainder alone would give half of all numbers below 2^30, instead of a third.
    const random = new Random(7);
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (random.below(3 * 2 ** 30) < 2 ** 30) low++;
    expect(Math.abs(low - 10_000)).toBeLessThan(400);
  });

  test("draws every number below a limit about as often", () => {
    const random = new Random(1);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  test("below(1) is 0, and floats lie in [0, 1)", () => {
    const random = new Random(-5);
    expect(random.below(1)).toBe(0);
    let sum = 0;
    for (let i = 0; i < 10_000; i++) {
      const value = random.float();
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      sum += value;
    }
    expect(sum / 10_000).toBeCloseTo(0.5, 1);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 33])("below(%d) is refused", (limit) => {
    expect(() => new Random(1).below(limit)).toThrow(`not ${limit}`);
  });

  test.each([0.5, Number.NaN, 2 ** 60])("seed %d is refused", (seed) => {
    expect(() => new Random(seed)).toThrow(RangeError);
  });
});

/** The published algorithms in exact integers, without a sign and without `Math.imul`. */
function xoshiro128StarStar(seed: bigint): () => bigint {
  const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
  const rotate = (value: bigint, bits: bigint): bigint => u32((value << bits) | (value >> (32n - bits)));
  const state = [1n, 2n, 3n, 4n].map((step) => {
    let z = u32(seed + step * 0x9e3779b9n);
    z = u32((z ^ (z >> 16n)) * 0x85ebca6bn);
    z = u32((z ^ (z >> 13n)) * 0xc2b2ae35n);
    return z ^ (z >> 16n);
  });
  let [a, b, c, d] = state as [bigint, bigint, bigint, bigint];
  return () => {
    const result = u32(rotate(u32(b * 5n), 7n) * 9n);
    const shifted = u32(b << 9n);
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11n);
    return result;
  };
}
