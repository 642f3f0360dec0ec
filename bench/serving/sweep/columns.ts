import { csvLine } from "../../../src/measure/index.js";
import { figuresOf, type RunReport, shownRate } from "../load/report.js";
import type { SweepConfig } from "./config.js";
import { CONFIGURATION } from "./configuration-columns.js";
import { ENGINE_METRICS, type EngineFigures } from "./engine-metrics.js";

const FIGURES = [
  "duration",
  "completed",
  "request_throughput",
  "input_throughput",
  "output_throughput",
  ...["ttft", "tpot", "itl"].flatMap((time) => ["mean", "median", "std", "p99"].map((of) => `${of}_${time}_ms`)),
  "mean_e2e_latency_ms",
  "median_e2e_latency_ms",
];

/** What we add to say what was run. */
const OWN_CONFIGURATION = ["policy", "repeat", "servers", "routers", "tree", "dataset", "seed", "virtual"] as const;

const OWN_FIGURES = [
  ...["ttft", "tpot", "itl", "e2e_latency"].flatMap((time) => ["p90", "p95"].map((of) => `${of}_${time}_ms`)),
  "std_e2e_latency_ms",
  "p99_e2e_latency_ms",
  "concurrency",
  "peak_concurrent_requests",
  "peak_output_throughput",
  "total_input_tokens",
  "total_output_tokens",
  "total_cached_tokens",
  "cache_hit_rate",
];
const OWN_OUTCOME = [
  "warmup_mean_ttft_ms",
  "failed",
  "without_usage",
  "send_lag_p99_ms",
  "client_utilization",
] as const;

/** `serve_{dataset}_sweep_results.csv`: the reference's columns, ours after them. */
export const SERVE_COLUMNS: readonly string[] = [
  ...CONFIGURATION,
  ...FIGURES,
  ...OWN_CONFIGURATION,
  ...OWN_FIGURES,
  ...OWN_OUTCOME,
];

/** `vllm_{dataset}_sweep_results.csv`: the reference's columns, then which run it was. */
export const VLLM_COLUMNS: readonly string[] = [...ENGINE_METRICS, ...CONFIGURATION, ...OWN_CONFIGURATION];

/** One run of a sweep. */
export interface RunAbout {
  readonly config: SweepConfig;
  readonly strategy: string;
  readonly policy: string;
  /** From 1. */
  readonly repeat: number;
  readonly model: string;
  readonly servers: string;
  readonly dataset: string;
  readonly virtual: boolean;
}

/** @param warmup the run before on the same servers. */
export function serveLine(about: RunAbout, report: RunReport, warmup: RunReport | null): string {
  const { summary, strain, failures, withoutUsage } = report;
  const values: Readonly<Record<string, Value>> = {
    ...configuration(about),
    ...figuresOf(summary),
    warmup_mean_ttft_ms: warmup?.summary.ttftMs?.mean ?? null,
    failed: failures.reduce((sum, [, count]) => sum + count, 0),
    without_usage: withoutUsage,
    send_lag_p99_ms: strain?.sendLagP99Ms ?? null,
    client_utilization: strain?.utilization ?? null,
  };
  return line(SERVE_COLUMNS, values);
}

export function vllmLine(about: RunAbout, figures: EngineFigures): string {
  return line(VLLM_COLUMNS, { ...configuration(about), ...figures });
}

type Value = string | number | boolean | null;

function configuration({ config, ...about }: RunAbout): Record<string, Value> {
  const { run } = config;
  return {
    gpu_type: config.gpuType,
    model_name: about.model,
    num_servers: config.numServers,
    enable_prefix_caching: run.enablePrefixCaching,
    enable_chunked_prefill: run.enableChunkedPrefill,
    benchmark_label: config.benchmarkLabel,
    request_router: about.strategy,
    min_output_len: run.minOutputLen,
    max_output_len: run.maxOutputLen,
    max_concurrency: run.maxConcurrency ?? null,
    request_rate: shownRate(run.requestRate),
    with_warmup: run.withWarmup,
    disable_ignore_eos: run.disableIgnoreEos,
    disable_stream: run.disableStream,
    max_conversations: run.maxConversations,
    num_prompts: run.numPrompts,
    policy: about.policy,
    repeat: about.repeat,
    servers: about.servers,
    routers: run.routers,
    tree: run.routers === 1 ? null : run.tree,
    dataset: about.dataset,
    seed: run.seed,
    virtual: about.virtual,
  };
}

function line(columns: readonly string[], values: Readonly<Record<string, Value>>): string {
  return csvLine(columns.map((column) => written(values[column]!)));
}

/** As the reference's files have them: Python's words, four decimals, and more for what is small (times in seconds). */
function written(value: Value): Value {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return Math.abs(value) < 10 ? Number(value.toPrecision(6)) : Number(value.toFixed(4));
}
