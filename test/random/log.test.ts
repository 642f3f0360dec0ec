import { describe, expect, test } from "vitest";
import { exp, log, Random } from "../../src/random/index.js";

describe("log", () => {
  test.each([
    [1, 0],
    [2, Math.LN2],
    [0.5, -Math.LN2],
    [10, Math.LN10],
    [5e-324, -744.4400719213812],
    [Number.MAX_VALUE, 709.782712893384],
    [0, Number.NEGATIVE_INFINITY],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [-1, Number.NaN],
    [Number.NaN, Number.NaN],
  ])("of %d is %d", (x, wanted) => {
    expect(log(x)).toBe(wanted);
  });

  test("gives the same bits on every engine", () => {
    expect([0.1, 0.7, 3.3, 1780].map(log)).toMatchInlineSnapshot(`
      [
        -2.3025850929940455,
        -0.35667494393873245,
        1.1939224684724346,
        7.484368643286131,
      ]
    `);
  });

  test("is within two units in the last place of the engine's own", () => {
    const random = new Random(5);
    for (let i = 0; i < 100_000; i++) {
      const x = exp((random.float() - 0.5) * 1400);
      const wanted = Math.log(x);
      expect(Math.abs(log(x) - wanted), `log(${x})`).toBeLessThanOrEqual(Math.abs(wanted) * 4.5e-16);
    }
  });
});
