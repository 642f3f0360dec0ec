import { describe, expect, test } from "vitest";
import { exp, Random } from "../../src/random/index.js";

describe("exp", () => {
  test.each([
    [0, 1],
    [-1, 0.36787944117144233],
    [0.5, 1.6487212707001282],
    [-10, 0.00004539992976248485],
    [100, 2.6881171418161356e43],
    [709, 8.218407461554972e307],
    [-745, 5e-324],
    [-746, 0],
    [710, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, 0],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NaN, Number.NaN],
  ])("of %d is %d", (x, wanted) => {
    expect(exp(x)).toBe(wanted);
  });

  test("gives the same bits on every engine", () => {
    expect([-0.1, -0.7, -3.3, 0.3].map(exp)).toMatchInlineSnapshot(`
      [
        0.9048374180359595,
        0.4965853037914095,
        0.036883167401240015,
        1.3498588075760032,
      ]
    `);
  });

  test("is within two units in the last place of the engine's own", () => {
    const random = new Random(5);
    for (let i = 0; i < 100_000; i++) {
      const x = (random.float() - 0.5) * 1400;
      const wanted = Math.exp(x);
      expect(Math.abs(exp(x) - wanted), `exp(${x})`).toBeLessThanOrEqual(wanted * 4.5e-16);
    }
  });
});
