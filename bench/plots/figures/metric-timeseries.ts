import { UsageError } from "../../../src/cli/usage-error.js";
import { curves } from "../draw/curves.js";
import type { Picture, PictureSpec } from "../draw/picture.js";
import { curvesOf, engineMetric } from "../input/engine.js";
import { axisTitle, metricLabel } from "../input/metrics.js";
import { withUnit } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import type { Series } from "../input/series.js";
import { selected, type Where } from "../input/table.js";
import { summaryOfSeries } from "./load-distribution.js";

export interface MetricTimeseriesOptions {
  /** `vllm_metrics`, as CSV or JSON. */
  file: Files;
  /** With or without `ray_`, `vllm:` and `_total`. */
  metricName: string;
  title?: string;
  where?: Where;
  /** Over how many seconds histograms (and with `rate` counters) are averaged. Default: 10. */
  windowSec?: number;
  /** Counters as growth a second, not as they are. */
  rate?: boolean;
}

const WINDOW = 10;

/** One engine metric of each replica over time, and the trend of all together. */
export function plotVllmMetricTimeseries(options: MetricTimeseriesOptions): Picture {
  const { file, metricName, title, where, windowSec = WINDOW, rate = false } = options;
  const table = selected(readTable(file, "vllm_metrics"), where);
  const metric = engineMetric(table, metricName);
  const drawn = curvesOf(metric, { window: windowSec, rate });
  const filled = ({ points }: Series) => points.some(({ value }) => value !== null);
  if (!filled(drawn.overall))
    throw new UsageError(`${table.name}: nothing was observed for ${metric.name} between two rows`);
  const most = Math.max(...[...drawn.series, drawn.overall].filter(filled).map((each) => summaryOfSeries(each).max));
  const named = metricLabel(metric.name, most);
  const perSecond = rate && metric.kind === "counter";
  const label = perSecond ? { ...named, unit: `${named.unit}/s` } : named;
  const scaled = ({ name, points }: Series): Series => ({
    name,
    points: points.map(({ time, value }) => ({ time, value: value === null ? null : value * label.scale })),
  });
  const series = drawn.series.map(scaled);
  const overall = scaled(drawn.overall);
  const averaged =
    metric.kind === "histogram" || perSecond ? `, average over the last ${withUnit(windowSec, "s")}` : "";
  const figures = [...series, overall].filter(filled).map((each) => ({ name: each.name, ...summaryOfSeries(each) }));
  const text = (value: number) => withUnit(value, label.unit);
  return {
    name: `vllm_metric_timeseries_${metric.name}`,
    title:
      title ?? `${label.label.replace(/^[a-z](?=[a-z])/, (first) => first.toUpperCase())} of each replica over time`,
    subtitle: `${metric.kind} ${metric.name}${averaged}`,
    description: `Curves of ${axisTitle(label)} over time${averaged}, one a replica, and overall. ${figures
      .map(({ name, min, max }) => `${name} ${text(min)} to ${text(max)}`)
      .join("; ")}.`,
    table: {
      columns: ["replica", `mean of the curve${label.unit && ` (${label.unit})`}`, "least", "most"],
      rows: figures.map(({ name, mean, min, max }) => [name, withUnit(mean, ""), withUnit(min, ""), withUnit(max, "")]),
    },
    spec: curves({ series, overall, yTitle: axisTitle(label), height: 300 }) as PictureSpec,
  };
}
