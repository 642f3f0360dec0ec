import { UsageError } from "../../../src/cli/usage-error.js";
import { curves } from "../draw/curves.js";
import type { Picture, PictureSpec } from "../draw/picture.js";
import { mean, shown } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import { averageOf, type Series, sampled } from "../input/series.js";
import { selected, type Where } from "../input/table.js";

export interface LoadDistributionOptions {
  /** `load_distribution`, as CSV or JSON, one file or those of several routers. */
  file: Files;
  title?: string;
  where?: Where;
  /** Default: queue_length, what the router itself has at the replica. */
  column?: keyof typeof COLUMNS;
}

/** What may be drawn: its axis and what several routers' values make. */
const COLUMNS = {
  queue_length: { title: "requests at the replica (leases)", routers: "added" },
  load: { title: "load (requests)", routers: "averaged" },
  running: { title: "requests running", routers: "averaged" },
  waiting: { title: "requests waiting", routers: "averaged" },
} as const;

export const LOAD_COLUMNS: readonly string[] = Object.keys(COLUMNS);

/** Load of each replica over time, and their average. */
export function plotServeLoadDistribution({
  file,
  title,
  where,
  column = "queue_length",
}: LoadDistributionOptions): Picture {
  const how = COLUMNS[column];
  if (how === undefined) throw new UsageError(`column must be one of ${LOAD_COLUMNS.join(", ")}, not ${column}`);
  const table = selected(readTable(file, "load_distribution"), where);
  const series = sampled(table, column, how.routers);
  const overall = averageOf(series);
  const figures = series.map((each) => ({ name: each.name, ...summaryOfSeries(each) }));
  const average = summaryOfSeries(overall).mean;
  return {
    name: "serve_load_distribution",
    title: title ?? "Load of each replica over time",
    subtitle: `${series.length} replicas; ${how.title}; mean ${shown(average)}`,
    description: `Curves of ${how.title} over time, one a replica, and their average. Means: ${figures
      .map((figure) => `${figure.name} ${shown(figure.mean)} (at most ${shown(figure.max)})`)
      .join("; ")}; average ${shown(average)}.`,
    table: {
      columns: ["replica", "mean (requests)", "least", "most"],
      rows: figures.map((figure) => [figure.name, shown(figure.mean), shown(figure.min), shown(figure.max)]),
    },
    spec: curves({ series, overall, yTitle: how.title, height: 300 }) as PictureSpec,
  };
}

export function summaryOfSeries({ points }: Series): { mean: number; min: number; max: number } {
  const values = points.flatMap(({ value }) => value ?? []);
  return { mean: mean(values), min: Math.min(...values), max: Math.max(...values) };
}
