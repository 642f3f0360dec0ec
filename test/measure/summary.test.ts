import { describe, expect, test } from "vitest";
import { meanInterval, percentile, ServingMeter, summarize } from "../../src/measure/index.js";
import fc from "../properties.js";

describe("a summary", () => {
  test("is numpy's: mean, median, std with ddof 0, linear percentiles", () => {
    // np.mean, np.median, np.std, np.percentile(…, [90, 95, 99]) of [4, 1, 3, 2, 10]
    expect(summarize([4, 1, 3, 2, 10])).toEqual({
      mean: 4,
      median: 3,
      std: Math.sqrt(10),
      p90: expect.closeTo(7.6, 9),
      p95: expect.closeTo(8.8, 9),
      p99: expect.closeTo(9.76, 9),
      max: 10,
    });
  });

  test("of one value is that value, of none there is none", () => {
    expect(summarize([7])).toEqual({ mean: 7, median: 7, std: 0, p90: 7, p95: 7, p99: 7, max: 7 });
    expect(summarize([])).toBeNull();
  });

  test("leaves the values as they were", () => {
    const values = new Float32Array([3, 1, 2]);
    summarize(values);
    expect([...values]).toEqual([3, 1, 2]);
  });

  test("percentiles rise with q and stay among the values", () => {
    const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 });
    const q = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(values, q, q, (given, one, other) => {
        const sorted = [...given].sort((a, b) => a - b);
        const [low, high] = [percentile(sorted, Math.min(one, other)), percentile(sorted, Math.max(one, other))];
        expect(high).toBeGreaterThanOrEqual(low - 1e-6);
        expect(low).toBeGreaterThanOrEqual(sorted[0]! - 1e-6);
        expect(high).toBeLessThanOrEqual(sorted.at(-1)! + 1e-6);
      }),
    );
  });
});

test("a 95 % interval is Student's: of 1, 2, 3 it is 2 ± 4.303 ÷ √3", () => {
  const { mean, half } = meanInterval([1, 2, 3]);
  expect([mean, half]).toEqual([2, expect.closeTo(4.303 / Math.sqrt(3), 9)]);
  expect(meanInterval([5])).toEqual({ mean: 5, half: null });
  const many = meanInterval(Array.from({ length: 100 }, (_, i) => i % 2));
  expect(many.half).toBeCloseTo((1.96 * Math.sqrt(25 / 99)) / 10, 9);
});

describe("a serving meter", () => {
  test("defines TTFT, TPOT, E2E and concurrency as the benchmarks do", () => {
    const meter = new ServingMeter();
    meter.answered({ sentMs: 0, firstMs: 100, lastMs: 500, promptTokens: 50, outputTokens: 5 });
    meter.answered({ sentMs: 500, firstMs: 700, lastMs: 2000, promptTokens: 150, outputTokens: 1 });
    for (const ms of [100, 100, 50, 150]) meter.gap(ms);
    const figures = meter.figures();
    expect(figures).toMatchObject({
      durationS: 2,
      completed: 2,
      promptTokens: 200,
      outputTokens: 6,
      requestThroughput: 1,
      inputThroughput: 100,
      outputThroughput: 3,
      concurrency: 1,
    });
    expect(figures.ttftMs).toMatchObject({ mean: 150, max: 200 });
    expect(figures.e2eMs).toMatchObject({ mean: 1000, max: 1500 });
    // A single token has no time per token after the first.
    expect(figures.tpotMs).toMatchObject({ mean: 100, max: 100 });
    expect(figures.itlMs).toMatchObject({ mean: 100, median: 100, max: 150 });
  });

  test("that has measured nothing says so", () => {
    expect(new ServingMeter().figures()).toMatchObject({
      completed: 0,
      requestThroughput: 0,
      ttftMs: null,
      itlMs: null,
    });
  });
});
