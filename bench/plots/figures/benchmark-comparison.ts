import { UsageError } from "../../../src/cli/usage-error.js";
import type { Picture } from "../draw/picture.js";
import { type RelativeBar, relativeBars } from "../draw/relative-bars.js";
import { metricColumn, metricLabel } from "../input/metrics.js";
import { shown, withUnit } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import { conditions, groupsOf, summaryOf } from "../input/runs.js";
import { selected, type Where } from "../input/table.js";

export interface BenchmarkComparisonOptions {
  /** CSV of a sweep. */
  file: Files;
  title?: string;
  where?: Where;
  by?: string;
  /** The strategy that the others are compared with. Default: pow_of_2. */
  baseline?: string;
  /** Default: the means of TTFT, TPOT and E2E latency. */
  metrics?: readonly string[];
}

const METRICS = ["mean_ttft_ms", "mean_tpot_ms", "mean_e2e_latency_ms"];

/** TTFT, TPOT and E2E latency of the strategies relative to power of two choices. */
export function plotBenchmarkComparison(options: BenchmarkComparisonOptions): Picture {
  const { file, title, where, by, baseline = "pow_of_2", metrics = METRICS } = options;
  const table = selected(readTable(file), where);
  const groups = groupsOf(table, by);
  const base = groups.filter(({ name }) => name === baseline || name.startsWith(`${baseline},`));
  if (base.length !== 1) {
    const there = groups.map(({ name }) => name).join("; ");
    throw new UsageError(
      base.length === 0
        ? `${table.name} has no runs of ${baseline} to compare with; it has ${there}`
        : `${table.name} has several kinds of runs of ${baseline}; choose with where: ${there}`,
    );
  }
  const others = groups.filter((group) => group !== base[0]);
  if (others.length === 0)
    throw new UsageError(`${table.name} has only runs of ${baseline}, and nothing to compare with it`);
  const ratios = metrics.flatMap((metric) => {
    const column = metricColumn(table, metric);
    const reference = summaryOf(table, base[0]!, column).mean;
    if (!(reference > 0))
      throw new UsageError(`${table.name}: ${column} of ${baseline} is ${reference}; nothing can be relative to it`);
    return [...base, ...others].map((group): Omit<RelativeBar, "text"> => {
      const summary = summaryOf(table, group, column);
      const label = metricLabel(column, summary.max);
      return {
        metric: label.label,
        name: group.name,
        percent: (summary.mean / reference) * 100,
        least: (summary.min / reference) * 100,
        most: (summary.max / reference) * 100,
        runs: summary.values.length,
        value: withUnit(summary.mean * label.scale, label.unit),
      };
    });
  });
  const compared = ratios.filter(({ name }) => name !== base[0]!.name);
  const several = ratios.some(({ runs }) => runs > 1);
  const head = others.length === 1 ? `${others[0]!.name} against ${baseline}` : `Strategies against ${baseline}`;
  return {
    name: "benchmark_comparison",
    title: title ?? head,
    subtitle: [conditions(table, groups), several ? "whiskers: min to max" : ""].filter((part) => part).join("; "),
    description: `Bars relative to ${baseline} (100 %; lower is better): ${compared
      .map(({ metric, name, percent, value }) => `${metric} of ${name} ${change(percent)} (${value})`)
      .join("; ")}.`,
    table: {
      columns: ["metric", "strategy", "value", `relative to ${baseline}`, "change"],
      rows: ratios.map(({ metric, name, value, percent }) => [
        metric,
        name,
        value,
        `${shown(percent)} %`,
        name === base[0]!.name ? "" : change(percent),
      ]),
    },
    spec: relativeBars(
      ratios.map((ratio) => ({ ...ratio, text: ratio.name === base[0]!.name ? "" : change(ratio.percent) })),
      baseline,
    ),
  };
}

function change(percent: number): string {
  const difference = Math.round((percent - 100) * 10) / 10;
  if (difference === 0) return "±0 %";
  return `${difference > 0 ? "+" : "−"}${shown(Math.abs(difference))} %`;
}
