import { describe, expect, test } from "vitest";
import { poissonArrivals } from "../../../bench/serving/load/arrivals.js";
import type { RunOptions } from "../../../bench/serving/load/options.js";
import { figuresOf, printedReport, reportOf, resultLine } from "../../../bench/serving/load/report.js";
import type { LoadResult, RequestRecord } from "../../../bench/serving/load/run.js";
import { strainWarning } from "../../../bench/serving/load/strain.js";
import { Random } from "../../../src/random/index.js";

/** Sent at 100 ms; three pieces of text; the stream ends 5 ms after the last. */
const first: RequestRecord = {
  conversation: 0,
  turn: 0,
  intendedMs: 90,
  sentMs: 100,
  pieceMs: [150, 170, 200],
  endMs: 205,
  inputTokens: 40,
  outputTokens: 6,
  cachedTokens: 30,
  hasUsage: true,
  failure: null,
};
const second: RequestRecord = {
  ...first,
  conversation: 1,
  sentMs: 150,
  pieceMs: [1250, 1260],
  endMs: 1260,
  cachedTokens: null,
};
const broken: RequestRecord = { ...first, pieceMs: [], failure: "connection refused" };
const strain = { utilization: 0.1, loopDelayP99Ms: 0.2, sendLagMedianMs: 0.01, sendLagP99Ms: 0.5 };
const result: LoadResult = { records: [first, second, broken, broken], durationMs: 2000, strain, interrupted: false };
const options = { backend: "vllm", requestRate: Number.POSITIVE_INFINITY, numPrompts: 4 } as RunOptions;

describe("the figures of a run with known times, after SGLang's definitions", () => {
  const { summary, failures, withoutUsage } = reportOf(result);

  test("TTFT from sending to the first text, E2E to the end, TPOT between, ITL the pooled gaps", () => {
    expect(summary.ttftMs).toMatchObject({ mean: (50 + 1100) / 2, median: 575, p90: 995, p99: 1089.5 });
    expect(summary.e2eMs).toMatchObject({ mean: (105 + 1110) / 2 });
    expect(summary.tpotMs).toMatchObject({ mean: (55 / 5 + 10 / 5) / 2 });
    expect(summary.itlMs).toMatchObject({ mean: 20, median: 20, max: 30 }); // of 20, 30 and 10
    expect(summary.itlMs!.std).toBeCloseTo(Math.sqrt(200 / 3), 12);
  });

  test("rates are of the whole time, failed requests are in none of it", () => {
    expect(summary).toMatchObject({
      completed: 2,
      requestThroughput: 1,
      inputThroughput: 40,
      outputThroughput: 6,
      concurrency: (105 + 1110) / 2000,
      peakConcurrent: 2,
      peakOutputThroughput: 6,
      cachedTokens: 30,
      cacheHitRate: 0.75,
    });
    expect(failures).toEqual([["connection refused", 2]]);
    expect(withoutUsage).toBe(0);
  });

  test("one that ends as the next is sent is not under way with it", () => {
    const next = { ...first, sentMs: 205, pieceMs: [210], endMs: 220 };
    expect(reportOf({ ...result, records: [first, next] }).summary.peakConcurrent).toBe(1);
  });

  test("without an answer there are none, and nothing breaks", () => {
    const none = reportOf({ ...result, records: [broken] });
    expect(figuresOf(none.summary)).toMatchObject({ completed: 0, mean_ttft_ms: null, p99_itl_ms: null });
    expect(printedReport(none, options)).toContain("Mean TTFT (ms):                          n/a");
  });
});

test("the labels are SGLang's, in its order", () => {
  const printed = printedReport(reportOf(result), options);
  const labels = printed.split("\n").map((line) => line.slice(0, 41).trim());
  expect(
    labels.filter((label) => /E2E|TTFT|TPOT|ITL|throughput|requests:|duration|Total|Concurrency|---|===/.test(label)),
  ).toEqual([
    "============ Serving Benchmark Result ===",
    "Successful requests:",
    "Benchmark duration (s):",
    "Total input tokens:",
    "Total generated tokens:",
    "Total cached tokens:",
    "Request throughput (req/s):",
    "Input token throughput (tok/s):",
    "Output token throughput (tok/s):",
    "Peak output token throughput (tok/s):",
    "Peak concurrent requests:",
    "Total token throughput (tok/s):",
    "Concurrency:",
    "----------------End-to-End Latency-------",
    ...["Mean", "Median", "P90", "P95", "P99"].map((of) => `${of} E2E Latency (ms):`),
    "---------------Time to First Token-------",
    ...["Mean", "Median", "P90", "P95", "P99"].map((of) => `${of} TTFT (ms):`),
    "-----Time per Output Token (excl. 1st tok",
    ...["Mean", "Median", "P90", "P95", "P99"].map((of) => `${of} TPOT (ms):`),
    "---------------Inter-Token Latency-------",
    ...["Mean", "Median", "P90", "P95", "P99", "Max"].map((of) => `${of} ITL (ms):`),
    "----------------------Client-------------",
    "---------------------Failures------------",
    "=========================================",
  ]);
  expect(printed).toContain("2        connection refused");
});

test("a line of the output file has each time's mean, median, deviation and percentiles, and what came of each request", () => {
  const line = JSON.parse(resultLine(reportOf(result), options, { tag: "mine" }, result.records));
  for (const time of ["ttft", "tpot", "itl", "e2e_latency"]) {
    for (const of of ["mean", "median", "std", "p90", "p95", "p99"]) expect(line).toHaveProperty(`${of}_${time}_ms`);
  }
  expect(line).toMatchObject({ tag: "mine", request_rate: "inf", failed: 2, failures: { "connection refused": 2 } });
  expect(line.details[0]).toMatchObject({ intended_ms: 90, sent_ms: 100, piece_ms: [150, 170, 200], error: null });
});

test("arrivals are Poisson's: the rate on average, gaps that vary as much as they last, the same for a seed", () => {
  const times = poissonArrivals(20_000, 100, new Random(7));
  const gaps = Array.from(times.subarray(1), (time, i) => time - times[i]!);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(times[0]).toBe(0);
  // Five standard errors of 20,000 exponential gaps.
  expect(Math.abs(mean - 10)).toBeLessThan(0.36);
  expect(Math.abs(deviation - 10)).toBeLessThan(0.72);
  expect(poissonArrivals(20_000, 100, new Random(7))).toEqual(times);
  expect([...poissonArrivals(3, Number.POSITIVE_INFINITY, new Random(7))]).toEqual([0, 0, 0]);
});

test("a client that is pressed says so", () => {
  expect(strainWarning(strain)).toBeNull();
  expect(strainWarning({ ...strain, utilization: 0.97 })).toContain("busy for 97 % of the time");
  expect(strainWarning({ ...strain, sendLagP99Ms: 12 })).toContain("12.0 ms after they were due");
});
