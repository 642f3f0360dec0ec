import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { e2eMs, itlMs, percentile, summarize, summarizeRun, tpotMs, ttftMs } from "../../src/measure/index.js";

/** Sent at 100 ms; three pieces of text; the end of the stream 5 ms after the last. */
const request = {
  sentMs: 100,
  pieceMs: [150, 170, 200],
  endMs: 205,
  inputTokens: 40,
  outputTokens: 6,
  cachedTokens: 30,
};

describe("one answered request", () => {
  test("TTFT is from sending to the first text, E2E to the last of the answer", () => {
    expect([ttftMs(request), e2eMs(request)]).toEqual([50, 105]);
  });

  test("TPOT is what is left of the latency by the tokens after the first", () => {
    expect(tpotMs(request)).toBe((105 - 50) / 5);
    expect(tpotMs({ ...request, outputTokens: 1 })).toBeNull();
  });

  test("ITL is a gap between pieces, whatever a piece holds", () => {
    expect(itlMs(request)).toEqual([20, 30]);
    expect(itlMs({ ...request, pieceMs: [] })).toEqual([]);
  });

  test("without text its TTFT is its latency", () => {
    expect(ttftMs({ ...request, pieceMs: [] })).toBe(105);
  });
});

describe("percentiles", () => {
  // numpy.percentile([15, 20, 35, 40, 50], [0, 25, 40, 90, 95, 99, 100])
  test.each([
    [0, 15],
    [25, 20],
    [40, 29],
    [90, 46],
    [95, 48],
    [99, 49.6],
    [100, 50],
  ])("%d of five samples, as numpy's linear", (percent, expected) => {
    expect(percentile([15, 20, 35, 40, 50], percent)).toBeCloseTo(expected, 10);
  });

  test("lie between neighbours of their rank", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.double({ min: 0, max: 100, noNaN: true }), (all, at) => {
        const sorted = all.sort((a, b) => a - b);
        const rank = (at / 100) * (sorted.length - 1);
        const value = percentile(sorted, at);
        expect(value).toBeGreaterThanOrEqual(sorted[Math.floor(rank)]!);
        expect(value).toBeLessThanOrEqual(sorted[Math.ceil(rank)]!);
      }),
    );
  });

  test("of nothing are no number; beyond 0 to 100 they are refused", () => {
    expect(percentile([], 50)).toBeNaN();
    expect(() => percentile([1], 101)).toThrow("percent must be from 0 to 100, not 101");
  });
});

describe("a summary", () => {
  test("has mean, median, deviation (numpy's), extremes and percentiles, of samples in any order", () => {
    expect(summarize([4, 1, 3, 2])).toMatchObject({ count: 4, mean: 2.5, median: 2.5, min: 1, max: 4 });
    expect(summarize([4, 1, 3, 2]).std).toBeCloseTo(1.118033988749895, 12);
    expect(summarize([]).mean).toBeNaN();
  });

  test("of a run has totals, rates of the whole time and the pooled gaps", () => {
    const second = { ...request, sentMs: 200, pieceMs: [1250, 1260], endMs: 1300, cachedTokens: null };
    expect(summarizeRun([request, second], 2000)).toMatchObject({
      durationS: 2,
      completed: 2,
      inputTokens: 80,
      outputTokens: 12,
      cachedTokens: 30,
      cacheHitRate: 0.75,
      requestThroughput: 1,
      inputThroughput: 40,
      outputThroughput: 6,
      totalThroughput: 46,
      // Both seconds have one request's tokens.
      peakOutputThroughput: 6,
      peakConcurrent: 2,
      concurrency: (105 + 1100) / 2000,
      ttftMs: { mean: (50 + 1050) / 2 },
      itlMs: { count: 3, median: 20 },
    });
  });

  test("one that ends as the next begins is not under way with it", () => {
    const next = { ...request, sentMs: 205, pieceMs: [210], endMs: 220 };
    expect(summarizeRun([request, next], 120).peakConcurrent).toBe(1);
  });
});
