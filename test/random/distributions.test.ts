import { describe, expect, test } from "vitest";
import { exponential, geometric, Random, shuffle, uniform, Zipf } from "../../src/random/index.js";

const DRAWS = 200_000;

/** Mean and variance of many draws, one seed. */
function moments(draw: (random: Random) => number): { mean: number; variance: number; least: number } {
  const random = new Random(11);
  let sum = 0;
  let squares = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < DRAWS; i++) {
    const value = draw(random);
    sum += value;
    squares += value * value;
    least = Math.min(least, value);
  }
  const mean = sum / DRAWS;
  return { mean, variance: squares / DRAWS - mean * mean, least };
}

/** Within five standard errors of the mean. */
const near = (mean: number, wanted: number, variance: number) =>
  expect(Math.abs(mean - wanted)).toBeLessThan(5 * Math.sqrt(variance / DRAWS));

describe("draws", () => {
  test("uniform: both ends, and the mean between them", () => {
    const { mean, variance, least } = moments((random) => uniform(random, 10, 200));
    near(mean, 105, variance);
    expect(least).toBe(10);
    expect(uniform(new Random(1), 7, 7)).toBe(7);
  });

  test("exponential: the mean, and its square as the variance", () => {
    const { mean, variance, least } = moments((random) => exponential(random, 1000));
    near(mean, 1000, variance);
    expect(variance / 1e6).toBeCloseTo(1, 1);
    expect(least).toBeGreaterThanOrEqual(0);
  });

  test("geometric: whole numbers from 1, the mean, and mean · (mean − 1) as the variance", () => {
    const { mean, variance, least } = moments((random) => geometric(random, 3));
    near(mean, 3, variance);
    expect(variance).toBeCloseTo(6, 0);
    expect(least).toBe(1);
    expect(geometric(new Random(1), 1)).toBe(1);
  });

  test("Zipf: a rank as often as its weight says", () => {
    const random = new Random(3);
    const zipf = new Zipf(4, 1);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < DRAWS; i++) counts[zipf.draw(random)]!++;
    const sum = 1 + 1 / 2 + 1 / 3 + 1 / 4;
    for (const [rank, count] of counts.entries()) expect(count / DRAWS).toBeCloseTo(1 / (rank + 1) / sum, 2);
  });

  test("shuffle: every order of three equally often, nothing lost", () => {
    const random = new Random(9);
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const order = shuffle(random, ["a", "b", "c"]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
