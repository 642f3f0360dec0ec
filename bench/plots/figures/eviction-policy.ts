import { curves } from "../draw/curves.js";
import type { Picture, PictureSpec } from "../draw/picture.js";
import { curvesOf, engineMetric, totalOf } from "../input/engine.js";
import { shown } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import { type Series, sampled, startOf } from "../input/series.js";
import { selected, type Table, type Where } from "../input/table.js";
import { summaryOfSeries } from "./load-distribution.js";

export interface EvictionPolicyOptions {
  /** `char_count_over_time`, as CSV or JSON. */
  charCountFile: Files;
  /** `vllm_metrics`, as CSV or JSON, of the same run and clock. Without it only the tree is drawn. */
  vllmMetricsFile?: Files;
  /** Whether there is a loop: without one there are no lines of it. Default: true. */
  doEviction?: boolean;
  /** Characters of a replica above which the loop evicts. Default: 400,000. */
  evictionThresholdChars?: number;
  /** Characters of a replica down to which it does. Default: 360,000. */
  evictionTargetChars?: number;
  /** Time between two of its runs. Default: 10. */
  intervalSecs?: number;
  title?: string;
  where?: Where;
}

/** Vertical lines that can be told apart. */
const MOST_MOMENTS = 60;

/** The tree's size over time with the loop's threshold and target; below it the tokens processed and the KV cache in use. */
export function plotEvictionPolicy(options: EvictionPolicyOptions): Picture {
  const { charCountFile, vllmMetricsFile, title, where } = options;
  const loop = options.doEviction === false ? null : loopOf(options);
  const tree = selected(readTable(charCountFile, "char_count_over_time"), where);
  const engines = vllmMetricsFile === undefined ? null : selected(readTable(vllmMetricsFile, "vllm_metrics"));
  const start = Math.min(startOf(tree), engines === null ? Infinity : startOf(engines));
  const sizes = shifted(sampled(tree, "chars", "averaged"), startOf(tree) - start);
  const panels = engines === null ? [] : enginePanels(engines, startOf(engines) - start);
  const xMost = Math.max(
    ...[...sizes, ...panels.flatMap(allOf)].flatMap(({ points }) => points.map(({ time }) => time)),
  );
  const moments = loop === null ? [] : momentsOf(loop, xMost);
  const most = sizes.map((each) => ({ name: each.name, ...summaryOfSeries(each) }));
  const evicts = loop === null ? "there is no eviction loop" : `the loop evicts ${loop.words}`;
  const last = panels.map(
    (panel) =>
      `${panel.title}: ${allOf(panel)
        .map((each) => `${each.name} ${shown(lastOf(each))}`)
        .join(", ")}`,
  );
  return {
    name: "eviction_policy",
    title: title ?? (loop === null ? "The tree" : "The tree and its eviction loop"),
    subtitle:
      loop === null ? "no eviction loop" : `evicts ${loop.words}${moments.length > 0 ? " (vertical lines)" : ""}`,
    description: `Curves of the characters of each replica in the tree over time, at most ${most
      .map(({ name, max }) => `${name} ${shown(max)}`)
      .join(", ")}; ${evicts}.${last.length > 0 ? ` At the end ${last.join("; ")}.` : ""}`,
    table: {
      columns: ["replica", "most characters", "at the end"],
      rows: sizes.map((each, i) => [each.name, shown(most[i]!.max), shown(lastOf(each))]),
    },
    spec: {
      spacing: 18,
      resolve: { scale: { color: "independent", shape: "independent", strokeDash: "independent" } },
      vconcat: [
        curves({
          series: sizes,
          yTitle: "characters in the tree",
          height: panels.length > 0 ? 220 : 300,
          levels:
            loop === null
              ? []
              : [
                  { value: loop.threshold, name: `threshold ${shown(loop.threshold)}` },
                  { value: loop.target, name: `target ${shown(loop.target)}`, below: true },
                ],
          moments,
          xMost,
          yMost: 1.08 * Math.max(loop?.threshold ?? 0, ...most.map(({ max }) => max)),
          ...(panels.length > 0 ? { xTitle: "" } : {}),
        }),
        ...panels.map(({ title: yTitle, ...drawn }, i) =>
          curves({
            ...drawn,
            yTitle,
            height: 110,
            moments,
            xMost,
            legend: false,
            ...(i < panels.length - 1 ? { xTitle: "" } : {}),
          }),
        ),
      ],
    } as PictureSpec,
  };
}

interface Loop {
  readonly threshold: number;
  readonly target: number;
  readonly everySecs: number;
  readonly words: string;
}

function loopOf(options: EvictionPolicyOptions): Loop {
  const { evictionThresholdChars: threshold = 400_000, evictionTargetChars = 360_000, intervalSecs = 10 } = options;
  // As the loop does it.
  const target = Math.min(evictionTargetChars, threshold);
  const words = `above ${shown(threshold)} characters of a replica down to ${shown(target)}, every ${shown(intervalSecs)} s`;
  return { threshold, target, everySecs: intervalSecs, words };
}

function momentsOf({ everySecs }: Loop, xMost: number): number[] {
  const count = Math.floor(xMost / everySecs);
  return count > MOST_MOMENTS ? [] : Array.from({ length: count }, (_, i) => (i + 1) * everySecs);
}

/** Tokens of all replicas together, and the share of each one's KV cache in use. */
function enginePanels(table: Table, shift: number): { title: string; series: Series[]; overall?: Series }[] {
  const prompt = totalOf(engineMetric(table, "prompt_tokens_total"));
  const generated = totalOf(engineMetric(table, "generation_tokens_total"));
  const tokens = prompt.map(({ time, value }, i) => ({ time, value: (value ?? 0) + (generated[i]?.value ?? 0) }));
  // vLLM's newer name, and the one that the reference knew.
  const usage = curvesOf(engineMetric(table, "kv_cache_usage_perc", "gpu_cache_usage_perc"), {
    window: 1,
    rate: false,
  });
  const percent = usage.series.map(({ name, points }) => ({
    name,
    points: points.map(({ time, value }) => ({ time, value: value === null ? null : value * 100 })),
  }));
  return [
    { title: "tokens processed", series: [], overall: shifted([{ name: "all replicas", points: tokens }], shift)[0]! },
    { title: "KV cache used (%)", series: shifted(percent, shift) },
  ];
}

function allOf({ series, overall }: { series: Series[]; overall?: Series }): Series[] {
  return overall === undefined ? series : [overall, ...series];
}

function shifted(series: readonly Series[], by: number): Series[] {
  return series.map(({ name, points }) => ({
    name,
    points: points.map(({ time, value }) => ({ time: time + by, value })),
  }));
}

function lastOf({ points }: Series): number {
  return points.findLast(({ value }) => value !== null)?.value ?? 0;
}
