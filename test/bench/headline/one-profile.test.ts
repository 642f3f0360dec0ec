import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { StrategyFigures } from "../../../bench/headline/figures.js";

const recorded = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../bench/results/${name}`, import.meta.url), "utf8"));

interface Comparison {
  readonly rows: readonly {
    readonly policy: string;
    readonly profile: string;
    readonly figures: Readonly<Record<string, { readonly mean: number } | null>>;
  }[];
}

describe("what compare and the headline have recorded", () => {
  const { virtual } = recorded("headline/headline.json") as { virtual: StrategyFigures[] };
  const { rows } = recorded("compare-reference.json") as Comparison;

  // The oracle's row of compare is the best of three.
  const both = virtual.flatMap((strategy) => {
    const row = rows.find(({ policy }) => policy === strategy.policy);
    return row === undefined || strategy.policy === "oracle" ? [] : [{ strategy, row }];
  });

  test.each(both)("is one simulation of one profile: $row.policy", ({ strategy: { figures }, row }) => {
    expect(row.profile).toBe("l4-qwen2.5-1.5b");
    expect(figures.request_throughput.mean).toBeCloseTo(row.figures.requestThroughput!.mean, 3);
    expect(figures.mean_ttft_ms.mean).toBeCloseTo(row.figures.ttftMeanMs!.mean, 2);
    expect(figures.p99_ttft_ms.mean).toBeCloseTo(row.figures.ttftP99Ms!.mean, 2);
  });

  test("has every policy in both", () => expect(both.length).toBeGreaterThanOrEqual(11));
});
