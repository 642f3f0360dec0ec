import { UsageError } from "../../../src/cli/usage-error.js";
import { mean } from "./number.js";
import { numberIn, requireColumns, type Table, textIn } from "./table.js";

export interface Point {
  /** Seconds since the first row. */
  time: number;
  value: number | null;
}

/** A curve. */
export interface Series {
  name: string;
  points: Point[];
}

/** Of a time in a file: Unix seconds and virtual ones both begin at 0. */
export function startOf(table: Table): number {
  requireColumns(table, "time_s");
  let start = Infinity;
  for (const row of table.rows) start = Math.min(start, numberIn(table, row, "time_s") ?? Infinity);
  if (start === Infinity) throw new UsageError(`${table.name} has no row with a time_s`);
  return start;
}

/**
 * A column of each replica once an interval, the interval being the file's own. Of several routers, the last value of each
 * in an interval; these are added or averaged.
 */
export function sampled(table: Table, column: string, routers: "added" | "averaged"): Series[] {
  requireColumns(table, "time_s", "replica", column);
  const start = startOf(table);
  const samples = table.rows.flatMap((row) => {
    const time = numberIn(table, row, "time_s");
    const value = numberIn(table, row, column);
    if (time === null || value === null) return [];
    return { time: time - start, value, replica: textIn(row, "replica"), router: textIn(row, "router") };
  });
  if (samples.length === 0) throw new UsageError(`${table.name}: ${column} is empty in every row`);
  const interval = intervalOf(samples);
  const replicas = new Map<string, Map<number, Map<string, number>>>();
  for (const { time, value, replica, router } of samples) {
    const bins = replicas.get(replica) ?? new Map<number, Map<string, number>>();
    const bin = Math.round(time / interval);
    bins.set(bin, (bins.get(bin) ?? new Map<string, number>()).set(router, value));
    replicas.set(replica, bins);
  }
  return [...replicas.keys()].sort(byNumber).map((name) => ({
    name,
    points: [...replicas.get(name)!]
      .sort(([a], [b]) => a - b)
      .map(([bin, values]) => {
        const value = mean([...values.values()]);
        return { time: bin * interval, value: routers === "added" ? value * values.size : value };
      }),
  }));
}

/** The mean of the series at each time that one of them has. */
export function averageOf(series: readonly Series[], name = "average"): Series {
  const times = new Map<number, number[]>();
  for (const { points } of series) {
    for (const { time, value } of points) if (value !== null) times.set(time, [...(times.get(time) ?? []), value]);
  }
  return {
    name,
    points: [...times].sort(([a], [b]) => a - b).map(([time, values]) => ({ time, value: mean(values) })),
  };
}

/** Means over the last `window` seconds of events, at `steps` times; null where the window is empty. Takes them by time. */
export function slidingMean(
  events: readonly { time: number; value: number }[],
  window: number,
  times: readonly number[],
): Point[] {
  let first = 0;
  let next = 0;
  let sum = 0;
  return times.map((time) => {
    while (next < events.length && events[next]!.time <= time) sum += events[next++]!.value;
    while (first < next && events[first]!.time <= time - window) sum -= events[first++]!.value;
    return { time, value: next > first ? sum / (next - first) : null };
  });
}

/** As names with numbers in them are counted: replica-2 before replica-10. */
export function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** The median time between two rows of one replica at one router. */
export function intervalOf(samples: readonly { time: number; replica: string; router: string }[]): number {
  const last = new Map<string, number>();
  const gaps: number[] = [];
  for (const { time, replica, router } of samples) {
    const key = `${router}\n${replica}`;
    const before = last.get(key);
    if (before !== undefined && time > before) gaps.push(time - before);
    last.set(key, time);
  }
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 1;
}
