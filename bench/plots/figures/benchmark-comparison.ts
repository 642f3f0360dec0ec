import { UsageError } from "../../../src/cli/usage-error.js";
import { colourScale } from "../draw/bars.js";
import { columnsFor } from "../draw/curves.js";
import { type Picture, type PictureSpec, WIDTH } from "../draw/picture.js";
import { textWidth } from "../draw/text.js";
import { COLOURS } from "../draw/theme.js";
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

interface Ratio {
  metric: string;
  name: string;
  percent: number;
  least: number;
  most: number;
  runs: number;
  /** As measured. */
  value: string;
}

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
    return [...base, ...others].map((group): Ratio => {
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
    subtitle: [conditions(table, groups), several ? "whiskers: least to most" : ""].filter((part) => part).join("; "),
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
    spec: spec(ratios, base[0]!.name, baseline),
  };
}

/** Of a group of bars; the rest is the gap to the next group. */
const GROUP = 0.84;
/** Of a bar's place. */
const BAR = 0.86;

/** A group a metric, from 0, in it a bar a strategy. */
function spec(ratios: readonly Ratio[], baseName: string, baseline: string): PictureSpec {
  const names = [...new Set(ratios.map(({ name }) => name))];
  const metrics = [...new Set(ratios.map(({ metric }) => metric))];
  const most = Math.max(...ratios.map((ratio) => ratio.most));
  const width = WIDTH - 100;
  const place = GROUP / names.length;
  const room = (width / metrics.length) * place;
  const values = ratios.map((ratio) => {
    const middle = metrics.indexOf(ratio.metric) + (1 - GROUP) / 2 + place * (names.indexOf(ratio.name) + 0.5);
    const text = ratio.name === baseName ? "" : change(ratio.percent);
    return { ...ratio, middle, from: middle - (place * BAR) / 2, to: middle + (place * BAR) / 2, text };
  });
  const labels = metrics.map((metric, i) => ({ metric, middle: i + 0.5 }));
  const fits = (texts: readonly string[], size: number) =>
    texts.every((text) => textWidth(text, size) < room) && size >= SMALLEST;
  const changeSize =
    [13, 12, 11, 10].find((size) =>
      fits(
        values.map(({ text }) => text),
        size,
      ),
    ) ?? SMALLEST;
  const valueSize = [12, 11, 10].find((size) =>
    fits(
      values.map(({ value }) => value),
      size,
    ),
  );
  const x = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, metrics.length], nice: false },
    axis: null,
  });
  const y = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, most * 1.1], nice: false },
    axis: { title: `relative to ${baseline} (%), lower is better`, tickCount: 6, domain: false, ticks: false },
  });
  const color = {
    field: "name",
    type: "nominal",
    scale: colourScale(names),
    legend: { symbolType: "square", columns: columnsFor(names) },
  };
  const whiskers = values.filter(({ runs }) => runs > 1);
  return {
    width,
    height: 320,
    data: { values },
    layer: [
      {
        mark: { type: "bar" },
        encoding: { x: x("from"), x2: { field: "to" }, y: y("percent"), y2: { datum: 0 }, color },
      },
      {
        data: { values: [{ level: 100 }] },
        mark: { type: "rule", strokeDash: [6, 4], color: COLOURS.ink },
        encoding: { y: y("level") },
      },
      {
        data: { values: whiskers },
        mark: { type: "rule", color: COLOURS.ink, strokeWidth: 1.5 },
        encoding: { x: x("middle"), y: y("least"), y2: { field: "most" } },
      },
      ...["least", "most"].map((end) => ({
        data: { values: whiskers },
        mark: { type: "tick", color: COLOURS.ink, thickness: 1.5, size: 12, orient: "horizontal" },
        encoding: { x: x("middle"), y: y(end) },
      })),
      {
        mark: { type: "text", dy: -9, fontWeight: 600, fontSize: changeSize },
        encoding: { x: x("middle"), y: y("most"), text: { field: "text" } },
      },
      ...(valueSize === undefined
        ? []
        : [
            {
              mark: { type: "text", y: "height", dy: -12, color: COLOURS.ground, fontSize: valueSize, fontWeight: 600 },
              encoding: { x: x("middle"), text: { field: "value" } },
            },
          ]),
      {
        data: { values: labels },
        mark: { type: "text", y: "height", dy: 18, fontSize: 13 },
        encoding: { x: x("middle"), text: { field: "metric" } },
      },
    ],
  } as PictureSpec;
}

/** Of a text, in pixels. */
const SMALLEST = 9;

function change(percent: number): string {
  const difference = Math.round((percent - 100) * 10) / 10;
  if (difference === 0) return "±0 %";
  return `${difference > 0 ? "+" : "−"}${shown(Math.abs(difference))} %`;
}
