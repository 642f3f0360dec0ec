import { summarize } from "../../../src/measure/index.js";
import type { RunReport, RunSummary } from "../load/report.js";

export interface TableRow {
  readonly strategy: string;
  readonly report: RunReport;
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
  const lines = [
    ["strategy", "runs", ...COLUMNS.map(([name]) => name)],
    ...strategies.map((strategy) => {
      const own = rows.filter((row) => row.strategy === strategy).map(({ report }) => report.summary);
      const means = COLUMNS.map(([, of]) => summarize(own.map(of).filter((value) => value !== undefined))?.mean);
      return [strategy, String(own.length), ...means.map((mean) => mean?.toFixed(1) ?? "-")];
    }),
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = lines.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "),
  );
  return `${text.join("\n")}\n${simulated ? "(simulated GPUs)\n" : ""}`;
}
