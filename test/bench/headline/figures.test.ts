import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { agreements, COLUMNS, figuresOf, type StrategyFigures, TOLERANCE } from "../../../bench/headline/figures.js";
import { folder } from "../serving/support.js";

/** A sweep's CSV with the columns that are read; every figure but those named is 1. */
function csv(...runs: readonly Readonly<Record<string, string | number>>[]): string {
  const columns = ["request_router", "policy", "repeat", "completed", ...Object.keys(COLUMNS)];
  const path = join(folder(), "serve_reference_sweep_results.csv");
  const lines = runs.map((run) => columns.map((column) => run[column] ?? 1).join(","));
  writeFileSync(path, `${[columns.join(","), ...lines].join("\n")}\n`);
  return path;
}

const run = (request_router: string, repeat: number, mean_ttft_ms: number, request_throughput = 1) => ({
  request_router,
  policy: request_router,
  repeat,
  mean_ttft_ms,
  request_throughput,
});

describe("figures of a sweep", () => {
  test("are means over runs, and ratios to the baseline's run with the same requests", () => {
    const [base, compared] = figuresOf(
      csv(run("pow_of_2", 1, 100), run("prefix_aware", 1, 50), run("prefix_aware", 2, 150), run("pow_of_2", 2, 200)),
    );
    expect(base).toMatchObject({ strategy: "pow_of_2", runs: 2, figures: { mean_ttft_ms: { mean: 150 } } });
    expect(base!.figures.mean_ttft_ms.ratio).toMatchObject({ mean: 1, half: 0 });
    // 50 ÷ 100 and 150 ÷ 200, not 100 ÷ 150.
    expect(compared!.figures.mean_ttft_ms).toMatchObject({ mean: 100, ratio: { mean: 0.625 } });
  });

  test("can be those of one repeat", () => {
    const path = csv(
      run("pow_of_2", 1, 100),
      run("prefix_aware", 1, 50),
      run("pow_of_2", 2, 1),
      run("prefix_aware", 2, 1),
    );
    expect(figuresOf(path, 1)[1]!.figures.mean_ttft_ms.ratio).toMatchObject({ mean: 0.5, half: null });
  });

  test("cannot be had without the baseline's run", () => {
    expect(() => figuresOf(csv(run("pow_of_2", 1, 100), run("prefix_aware", 2, 50)))).toThrow(/no run 2 of pow_of_2/);
  });
});

describe("sockets and virtual time agree", () => {
  const figures = (throughput: number, ttft: number): StrategyFigures[] =>
    figuresOf(csv(run("pow_of_2", 1, 100, 10), run("prefix_aware", 1, ttft, throughput)));

  test.each([
    { throughput: 12, ttft: 60, within: [true, true] },
    { throughput: 12 * (1 + TOLERANCE - 0.01), ttft: 60 * (1 - TOLERANCE + 0.01), within: [true, true] },
    { throughput: 12 * (1 + TOLERANCE + 0.01), ttft: 60, within: [false, true] },
    { throughput: 12, ttft: 60 * (1 - TOLERANCE - 0.01), within: [true, false] },
    { throughput: 12, ttft: 60 * (1 + TOLERANCE + 0.01), within: [true, false] },
  ])("where both ratios differ by at most 15 %: $throughput a second, TTFT $ttft", ({ throughput, ttft, within }) => {
    const found = agreements(figures(12, 60), figures(throughput, ttft));
    expect(found.map(({ column }) => column)).toEqual(["request_throughput", "mean_ttft_ms"]);
    expect(found.map((each) => each.within)).toEqual(within);
    expect(found[0]!.difference).toBeCloseTo(throughput / 12 - 1, 10);
    expect(found[1]!.difference).toBeCloseTo(ttft / 60 - 1, 10);
  });

  test("longer times on a slower machine are no difference, as long as both are longer", () => {
    const slow = figuresOf(csv(run("pow_of_2", 1, 200, 5), run("prefix_aware", 1, 120, 6)));
    expect(agreements(figures(12, 60), slow).map(({ difference }) => difference)).toEqual([0, 0]);
  });

  test("needs both strategies", () => {
    expect(() => agreements(figuresOf(csv(run("pow_of_2", 1, 1))), figures(12, 60))).toThrow(/no run of prefix_aware/);
  });
});
