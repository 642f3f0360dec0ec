import { UsageError } from "../../../src/cli/usage-error.js";
import { curves } from "../draw/curves.js";
import type { Picture, PictureSpec } from "../draw/picture.js";
import { mean, shown } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import { byNumber, type Series, slidingMean, startOf } from "../input/series.js";
import { numberIn, requireColumns, selected, textIn, type Where } from "../input/table.js";

export interface PrefixMatchRateOptions {
  /** `prefix_match_rate`, as CSV or JSON, one file or those of several routers. */
  file: Files;
  title?: string;
  where?: Where;
  /** Each point is the mean over the requests of so many seconds before it. Default: a twelfth of the time, at least 1 s. */
  windowSec?: number;
}

/** Points of a curve. */
const STEPS = 160;

/** Share of the prompt that matched, of each replica over time and overall. */
export function plotServePrefixMatchRate({ file, title, where, windowSec }: PrefixMatchRateOptions): Picture {
  const table = selected(readTable(file, "prefix_match_rate"), where);
  requireColumns(table, "time_s", "replica", "match_rate");
  const start = startOf(table);
  const events = table.rows
    .flatMap((row) => {
      const time = numberIn(table, row, "time_s");
      const rate = numberIn(table, row, "match_rate");
      return time === null || rate === null
        ? []
        : { time: time - start, value: rate * 100, replica: textIn(row, "replica") };
    })
    .sort((a, b) => a.time - b.time);
  if (events.length === 0) throw new UsageError(`${table.name}: match_rate is empty in every row`);
  const end = events.at(-1)!.time;
  const window = windowSec ?? Math.max(1, Math.round(end / 12));
  const times = Array.from({ length: STEPS }, (_, i) => (end * (i + 1)) / STEPS);
  const replicas = [...new Set(events.map(({ replica }) => replica))].sort(byNumber);
  const of = (replica: string) => events.filter((event) => event.replica === replica);
  const series: Series[] = replicas.map((name) => ({ name, points: slidingMean(of(name), window, times) }));
  const overall = { name: "overall", points: slidingMean(events, window, times) };
  const means = replicas.map((name) => ({
    name,
    requests: of(name).length,
    mean: mean(of(name).map(({ value }) => value)),
  }));
  const all = mean(events.map(({ value }) => value));
  return {
    name: "serve_prefix_match_rate",
    title: title ?? "Prefix match rate of each replica over time",
    subtitle: `${events.length.toLocaleString("en")} requests; overall ${shown(all)} %; mean over the last ${shown(window)} s`,
    description: `Curves of the prefix match rate in percent over time, one a replica, and overall. Overall ${shown(all)} %; ${means
      .map((each) => `${each.name} ${shown(each.mean)} % of ${each.requests} requests`)
      .join("; ")}.`,
    table: {
      columns: ["replica", "mean match rate (%)", "requests"],
      rows: [
        ...means.map((each) => [each.name, shown(each.mean), each.requests]),
        ["overall", shown(all), events.length],
      ],
    },
    spec: curves({
      series,
      overall,
      yTitle: "matched characters of the prompt (%)",
      yMost: 100,
      height: 300,
    }) as PictureSpec,
  };
}
