import { UsageError } from "../../../src/cli/usage-error.js";
import { bareMetric } from "./metrics.js";
import { byNumber, intervalOf, type Point, type Series, startOf } from "./series.js";
import { listed, numberIn, requireColumns, type Table, textIn } from "./table.js";

/** What an engine's metric is, as its name says: Prometheus' conventions. */
export type MetricKind = "gauge" | "counter" | "histogram";

/** A metric of each replica over time, labels other than the replica added up. */
export interface EngineMetric {
  /** Without prefixes. */
  name: string;
  kind: MetricKind;
  replicas: { name: string; samples: Sample[] }[];
  /** Times at which the replicas were scraped, one a round. */
  times: number[];
}

interface Sample {
  time: number;
  /** Of a histogram, the sum of what was observed. */
  value: number;
  /** Of a histogram, how often. */
  count: number;
}

/**
 * A metric of `vllm_metrics`, its name with or without `ray_`, `vllm:` and `_total`.
 * @param names of the metric in the order of preference: engines have renamed some.
 * @throws UsageError that lists what there is.
 */
export function engineMetric(table: Table, ...names: readonly [string, ...string[]]): EngineMetric {
  requireColumns(table, "time_s", "replica", "metric", "value");
  const start = startOf(table);
  const bareOf = new Map<string, string>();
  for (const row of table.rows) {
    const text = textIn(row, "metric");
    if (!bareOf.has(text)) bareOf.set(text, bareMetric(text.replace(/\{.*$/s, "")));
  }
  const there = new Set(bareOf.values());
  const found = names.map(bareMetric).flatMap((name) => kindOf(name, there) ?? [])[0];
  if (found === undefined) {
    const drawable = [
      ...new Set(
        [...there].filter((name) => !name.endsWith("_bucket")).map((name) => name.replace(/_(sum|count)$/, "")),
      ),
    ];
    throw new UsageError(`${table.name} has no metric ${names.join(" or ")}; it has ${listed(drawable, 60)}`);
  }
  const { name, kind } = found;
  const fields: Readonly<Record<string, "value" | "count">> =
    kind === "histogram" ? { [`${name}_sum`]: "value", [`${name}_count`]: "count" } : { [name]: "value" };
  const replicas = new Map<string, Map<number, Sample>>();
  for (const row of table.rows) {
    const field = fields[bareOf.get(textIn(row, "metric"))!];
    const time = numberIn(table, row, "time_s");
    const value = numberIn(table, row, "value");
    if (field === undefined || time === null || value === null) continue;
    const samples = replicas.get(textIn(row, "replica")) ?? new Map<number, Sample>();
    const sample = samples.get(time) ?? { time: time - start, value: 0, count: 0 };
    sample[field] += value;
    samples.set(time, sample);
    replicas.set(textIn(row, "replica"), samples);
  }
  const sorted = [...replicas.keys()].sort(byNumber).map((replica) => ({
    name: replica,
    samples: [...replicas.get(replica)!.values()].sort((a, b) => a.time - b.time),
  }));
  return { name, kind, replicas: sorted, times: roundsOf(sorted) };
}

/**
 * The metric as a curve a replica: a gauge or counter as it is, with `rate` a counter's growth a second, of a histogram the
 * average of what was observed in the last `window` seconds. `overall` is of all replicas together: their mean, of a
 * histogram the average over all observations.
 */
export function curvesOf(
  metric: EngineMetric,
  { window, rate }: { window: number; rate: boolean },
): { series: Series[]; overall: Series } {
  const { replicas, kind, times } = metric;
  const at = (of: EngineMetric["replicas"], time: number): number | null => {
    const pairs = of.flatMap(({ samples }) => {
      const last = lastAt(samples, time);
      return last === undefined ? [] : [{ last, before: lastAt(samples, time - window) ?? samples[0]! }];
    });
    if (pairs.length === 0) return null;
    const sum = (take: (pair: (typeof pairs)[number]) => number) =>
      pairs.reduce((total, pair) => total + take(pair), 0);
    if (kind === "histogram") {
      const count = sum(({ last, before }) => last.count - before.count);
      return count > 0 ? sum(({ last, before }) => last.value - before.value) / count : null;
    }
    if (!rate) return sum(({ last }) => last.value) / pairs.length;
    const moving = pairs.filter(({ last, before }) => last.time > before.time);
    if (moving.length === 0) return null;
    return (
      moving.reduce((total, { last, before }) => total + (last.value - before.value) / (last.time - before.time), 0) /
      moving.length
    );
  };
  const points = (of: EngineMetric["replicas"]): Point[] => times.map((time) => ({ time, value: at(of, time) }));
  return {
    series: replicas.map((replica) => ({ name: replica.name, points: points([replica]) })),
    overall: { name: "overall", points: points(replicas) },
  };
}

/** Sum over the replicas at each round. */
export function totalOf({ replicas, times }: EngineMetric): Point[] {
  return times.map((time) => ({
    time,
    value: replicas.reduce((sum, { samples }) => sum + (lastAt(samples, time)?.value ?? 0), 0),
  }));
}

function kindOf(name: string, there: ReadonlySet<string>): { name: string; kind: MetricKind } | null {
  if (there.has(`${name}_sum`) && there.has(`${name}_count`)) return { name, kind: "histogram" };
  if (there.has(name)) return { name, kind: name.endsWith("_total") ? "counter" : "gauge" };
  return there.has(`${name}_total`) ? { name: `${name}_total`, kind: "counter" } : null;
}

/** Replicas are scraped one after the other: a round's time is its last replica's. */
function roundsOf(replicas: EngineMetric["replicas"]): number[] {
  const interval = intervalOf(
    replicas.flatMap(({ name, samples }) => samples.map(({ time }) => ({ time, replica: name, router: "" }))),
  );
  const rounds = new Map<number, number>();
  for (const { samples } of replicas) {
    for (const { time } of samples) {
      const round = Math.round(time / interval);
      rounds.set(round, Math.max(time, rounds.get(round) ?? 0));
    }
  }
  return [...rounds.values()].sort((a, b) => a - b);
}

/** The newest sample that is not later. */
function lastAt(samples: readonly Sample[], time: number): Sample | undefined {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (samples[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return samples[low - 1];
}
