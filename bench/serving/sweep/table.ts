import { summarize } from "../../../src/measure/index.js";
import type { RunReport, RunSummary } from "../load/report.js";

export interface TableRow {
  readonly strategy: string;
  readonly report: RunReport;
  /** Of the run before on the same servers; null without one. */
  readonly warmup: RunReport | null;
}

const COLUMNS: readonly (readonly [string, (summary: RunSummary) => number | undefined])[] = [
  ["TTFT ms", ({ ttftMs }) => ttftMs?.mean],
  ["p50", ({ ttftMs }) => ttftMs?.median],
  ["p99", ({ ttftMs }) => ttftMs?.p99],
  ["TPOT ms", ({ tpotMs }) => tpotMs?.mean],
  ["E2E ms", ({ e2eMs }) => e2eMs?.mean],
  ["req/s", ({ requestThroughput }) => requestThroughput],
  ["tok/s in", ({ inputThroughput }) => inputThroughput],
  ["out", ({ outputThroughput }) => outputThroughput],
  ["hits %", ({ cacheHitRate }) => (cacheHitRate === null ? undefined : cacheHitRate * 100)],
];

/** The strategies side by side: means over their runs. Empty without runs. */
export function sweepTable(rows: readonly TableRow[], simulated: boolean): string {
  const strategies = [...new Set(rows.map(({ strategy }) => strategy))];
  if (strategies.length === 0) return "";
  const warmed = rows.some(({ warmup }) => warmup !== null);
  const lines = [
    ["strategy", "runs", ...(warmed ? ["warm-up TTFT ms"] : []), ...COLUMNS.map(([name]) => name)],
    ...strategies.map((strategy) => {
      const own = rows.filter((row) => row.strategy === strategy);
      const before = own.map(({ warmup }) => warmup?.summary.ttftMs?.mean);
      const figures = COLUMNS.map(([, of]) => own.map(({ report }) => of(report.summary)));
      return [strategy, String(own.length), ...[...(warmed ? [before] : []), ...figures].map(shownMean)];
    }),
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "),
  );
  return `${text.join("\n")}\n${simulated ? "(simulated GPUs)\n" : ""}`;
}

function shownMean(values: readonly (number | undefined)[]): string {
  return summarize(values.filter((value) => value !== undefined))?.mean.toFixed(1) ?? "-";
}
