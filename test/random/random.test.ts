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
