import { UsageError } from "../../../src/cli/usage-error.js";
import { listed, type Table } from "./table.js";

/** What a metric is called in a picture, and in what. */
export interface MetricLabel {
  label: string;
  unit: string;
  /** Value in the file × this = value in the picture. */
  scale: number;
}

/** A metric's name without what Ray (`ray_`) and vLLM (`vllm:`, by Ray `vllm_`) put before it. */
export function bareMetric(name: string): string {
  return name.replace(/^ray_/, "").replace(/^vllm[:_]/, "");
}

/** The column of a metric, its name with or without prefixes. @throws UsageError that lists what there is. */
export function metricColumn(table: Table, metric: string): string {
  const column =
    table.columns.find((name) => name === metric) ??
    table.columns.find((name) => bareMetric(name) === bareMetric(metric));
  if (column !== undefined) return column;
  const numeric = table.columns.filter((name) =>
    table.rows.some((row) => row[name] !== "" && row[name] !== null && Number.isFinite(Number(row[name]))),
  );
  throw new UsageError(`${table.name} has no metric ${metric}; it has ${listed(numeric, 40)}`);
}

const STATISTICS: Readonly<Record<string, string>> = { mean: "mean", median: "median", std: "standard deviation of" };
const TIMES: Readonly<Record<string, string>> = {
  ttft: "TTFT",
  tpot: "TPOT",
  itl: "ITL",
  e2e_latency: "E2E latency",
};
const KNOWN: Readonly<Record<string, MetricLabel>> = {
  duration: { label: "duration", unit: "s", scale: 1 },
  completed: { label: "completed", unit: "requests", scale: 1 },
  request_throughput: { label: "request throughput", unit: "requests/s", scale: 1 },
  input_throughput: { label: "input throughput", unit: "tokens/s", scale: 1 },
  output_throughput: { label: "output throughput", unit: "tokens/s", scale: 1 },
  num_requests_running: { label: "requests running", unit: "requests", scale: 1 },
  num_requests_waiting: { label: "requests waiting", unit: "requests", scale: 1 },
  request_success_total: { label: "requests succeeded", unit: "requests", scale: 1 },
};

/** By the conventions of the reference's columns and of Prometheus. */
export function metricLabel(name: string, most: number): MetricLabel {
  const bare = bareMetric(name);
  const known = KNOWN[bare];
  if (known) return known;
  const client = /^(mean|median|std|p[\d.]+)_(ttft|tpot|itl|e2e_latency)_ms$/.exec(bare);
  if (client) return { label: `${STATISTICS[client[1]!] ?? client[1]} ${TIMES[client[2]!]}`, unit: "ms", scale: 1 };
  const words = (suffix: RegExp) => bare.replace(suffix, "").replaceAll("_", " ");
  if (/_seconds$/.test(bare)) {
    const short = most < 1;
    return { label: words(/_seconds$/), unit: short ? "ms" : "s", scale: short ? 1000 : 1 };
  }
  if (/_ms$/.test(bare)) return { label: words(/_ms$/), unit: "ms", scale: 1 };
  if (/_perc$/.test(bare)) return { label: words(/_perc$/), unit: "%", scale: 100 };
  if (/_bytes$/.test(bare)) return { label: words(/_bytes$/), unit: "MB", scale: 1e-6 };
  if (/tokens(_total)?$/.test(bare)) return { label: words(/_total$/), unit: "tokens", scale: 1 };
  return { label: words(/_total$/), unit: "", scale: 1 };
}

export function axisTitle({ label, unit }: MetricLabel): string {
  return unit === "" ? label : `${label} (${unit})`;
}
