import { summaryBars } from "../draw/bars.js";
import type { Picture } from "../draw/picture.js";
import { axisTitle, bareMetric, metricColumn, metricLabel } from "../input/metrics.js";
import { shown, withUnit } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import { conditions, groupsOf, summaryOf } from "../input/runs.js";
import { selected, type Where } from "../input/table.js";

export interface MetricSummaryOptions {
  /** CSV of a sweep, or the JSON Lines of single runs. */
  file: Files;
  /** A column; of the engines' metrics with or without `ray_` and `vllm:`. */
  metric: string;
  /** Which of the rows. */
  where?: Where;
  /** The column by which runs are grouped. Default: `request_router`, with the other settings that differ. */
  by?: string;
  title?: string;
}

/** Bars of the strategies for one metric that the client has measured: the mean over the runs, whiskers: min to max. */
export function plotServeMetricSummary(options: MetricSummaryOptions): Picture {
  return metricSummary(options, "serve_metric_summary", "");
}

/** As `plotServeMetricSummary`, of what the engines measured: queue, prefill, decode time and the like, averaged over replicas. */
export function plotVllmMetricSummary(options: MetricSummaryOptions): Picture {
  return metricSummary(options, "vllm_metric_summary", ", as the engines measured");
}

function metricSummary({ file, metric, where, by, title }: MetricSummaryOptions, name: string, whose: string): Picture {
  const table = selected(readTable(file), where);
  const column = metricColumn(table, metric);
  const groups = groupsOf(table, by);
  const summaries = groups.map((group) => ({ name: group.name, ...summaryOf(table, group, column) }));
  const label = metricLabel(column, Math.max(...summaries.map(({ max }) => max)));
  const bars = summaries.map((each) => ({
    name: each.name,
    mean: each.mean * label.scale,
    min: each.min * label.scale,
    max: each.max * label.scale,
    runs: each.values.length,
  }));
  const text = bars.map(
    (bar) =>
      `${bar.name} ${withUnit(bar.mean, label.unit)}${bar.runs > 1 ? ` (${shown(bar.min)} to ${shown(bar.max)})` : ""}`,
  );
  const several = bars.some(({ runs }) => runs > 1);
  return {
    name: `${name}_${bareMetric(column)}`,
    title: title ?? `${label.label}${whose}`.replace(/^[a-z](?=[a-z])/, (first) => first.toUpperCase()),
    subtitle: [conditions(table, groups), several ? "whiskers: min to max" : ""].filter((part) => part).join("; "),
    description: `Bars of ${axisTitle(label)}, the mean over the runs: ${text.join("; ")}.`,
    table: {
      columns: ["", `mean${label.unit && ` (${label.unit})`}`, "least", "most", "runs"],
      rows: bars.map((bar) => [bar.name, shown(bar.mean), shown(bar.min), shown(bar.max), bar.runs]),
    },
    spec: summaryBars(bars, axisTitle(label)),
  };
}
