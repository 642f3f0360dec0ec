import { type ServingFigures, ServingMeter, type Summary } from "../../../src/measure/index.js";
import type { RunOptions } from "./options.js";
import { peakConcurrent, peakOutputTokens } from "./peaks.js";
import type { LoadResult, RequestRecord } from "./run.js";
import type { Strain } from "./strain.js";

/** What a run came to: answered requests only. */
export interface RunSummary extends ServingFigures {
  /** Of the requests whose answers say it, and by their input tokens, 0 to 1; null where none does. */
  readonly cachedTokens: number | null;
  readonly cacheHitRate: number | null;
  /** Null where nobody counted. */
  readonly peakOutputThroughput: number | null;
  readonly peakConcurrent: number | null;
}

export interface RunReport {
  readonly summary: RunSummary;
  /** Null in virtual time, where nothing presses. */
  readonly strain: Strain | null;
  readonly interrupted: boolean;
  /** Answers that said nothing of their tokens. */
  readonly withoutUsage: number;
  /** How many failed of each cause, most first. */
  readonly failures: readonly (readonly [cause: string, count: number])[];
}

export function reportOf({ records, durationMs, strain, interrupted }: LoadResult): RunReport {
  const answered = records.filter(({ failure }) => failure === null);
  const causes = new Map<string, number>();
  for (const { failure } of records) if (failure !== null) causes.set(failure, (causes.get(failure) ?? 0) + 1);
  return {
    summary: summaryOf(answered, durationMs),
    strain,
    interrupted,
    withoutUsage: answered.filter(({ hasUsage }) => !hasUsage).length,
    failures: [...causes].sort(([, a], [, b]) => b - a),
  };
}

function summaryOf(answered: readonly RequestRecord[], durationMs: number): RunSummary {
  const meter = new ServingMeter();
  const told = { cached: 0, input: 0, answers: 0 };
  for (const { sentMs, pieceMs, endMs, inputTokens, outputTokens, cachedTokens } of answered) {
    meter.answered({ sentMs, firstMs: pieceMs[0] ?? endMs, lastMs: endMs, promptTokens: inputTokens, outputTokens });
    for (let i = 1; i < pieceMs.length; i++) meter.gap(pieceMs[i]! - pieceMs[i - 1]!);
    if (cachedTokens === null) continue;
    told.answers++;
    told.cached += cachedTokens;
    told.input += inputTokens;
  }
  return {
    ...meter.figures(durationMs),
    cachedTokens: told.answers === 0 ? null : told.cached,
    cacheHitRate: told.answers === 0 ? null : told.cached / told.input,
    peakOutputThroughput: peakOutputTokens(answered),
    peakConcurrent: peakConcurrent(answered),
  };
}

/** The table that SGLang's `bench_serving` prints, label by label; what it has not follows under "Client" and "Failures". */
export function printedReport(report: RunReport, options: RunOptions): string {
  const { summary, strain, failures } = report;
  const { cachedTokens, cacheHitRate } = summary;
  const lines = [
    heading(" Serving Benchmark Result ", "="),
    line("Backend:", options.backend),
    line("Traffic request rate:", shownRate(options.requestRate)),
    line("Max request concurrency:", options.maxConcurrency ?? "not set"),
    line("Successful requests:", summary.completed),
    line("Benchmark duration (s):", fixed(summary.durationS)),
    line("Total input tokens:", summary.promptTokens),
    line("Total generated tokens:", summary.outputTokens),
    ...(cachedTokens === null ? [] : [line("Total cached tokens:", cachedTokens)]),
    ...(cacheHitRate === null ? [] : [line("Cache hit rate (%):", fixed(cacheHitRate * 100))]),
    line("Request throughput (req/s):", fixed(summary.requestThroughput)),
    line("Input token throughput (tok/s):", fixed(summary.inputThroughput)),
    line("Output token throughput (tok/s):", fixed(summary.outputThroughput)),
    line("Peak output token throughput (tok/s):", fixed(summary.peakOutputThroughput)),
    line("Peak concurrent requests:", summary.peakConcurrent ?? "n/a"),
    line("Total token throughput (tok/s):", fixed(summary.inputThroughput + summary.outputThroughput)),
    line("Concurrency:", fixed(summary.concurrency)),
    heading("End-to-End Latency", "-"),
    ...times("E2E Latency", summary.e2eMs),
    heading("Time to First Token", "-"),
    ...times("TTFT", summary.ttftMs),
    heading("Time per Output Token (excl. 1st token)", "-"),
    ...times("TPOT", summary.tpotMs),
    heading("Inter-Token Latency", "-"),
    ...times("ITL", summary.itlMs),
    line("Max ITL (ms):", fixed(summary.itlMs?.max)),
    ...(strain === null ? [] : client(strain)),
    ...(failures.length === 0 ? [] : [heading("Failures", "-")]),
    ...failures.map(([cause, count]) => `${String(count).padEnd(8)} ${cause}`),
    "=".repeat(WIDTH),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * One line of the output file: SGLang's fields by their names (and p90, p95 for every time), then ours.
 * @param run what was run.
 * @param records given: what came of each request, under `details`.
 */
export function resultLine(
  report: RunReport,
  options: RunOptions,
  run: Readonly<Record<string, unknown>>,
  records?: readonly RequestRecord[],
): string {
  const { summary, strain, failures } = report;
  const values = {
    ...run,
    backend: options.backend,
    request_rate: shownRate(options.requestRate),
    max_concurrency: options.maxConcurrency ?? null,
    min_output_len: options.minOutputLen,
    max_output_len: options.maxOutputLen,
    max_conversations: options.maxConversations,
    num_prompts: options.numPrompts,
    with_warmup: options.withWarmup,
    disable_ignore_eos: options.disableIgnoreEos,
    disable_stream: options.disableStream,
    seed: options.seed,
    ...figuresOf(summary),
    send_lag_median_ms: strain?.sendLagMedianMs ?? null,
    send_lag_p99_ms: strain?.sendLagP99Ms ?? null,
    loop_delay_p99_ms: strain?.loopDelayP99Ms ?? null,
    client_utilization: strain?.utilization ?? null,
    interrupted: report.interrupted,
    failed: failures.reduce((sum, [, count]) => sum + count, 0),
    failures: Object.fromEntries(failures),
    without_usage: report.withoutUsage,
    ...(records !== undefined && { details: records.map(detailOf) }),
  };
  return `${JSON.stringify(values)}\n`;
}

/** The figures of a run under SGLang's names; what there is no figure of is null. */
export function figuresOf(summary: RunSummary): Record<string, number | null> {
  const figures: Record<string, number | null> = {
    duration: summary.durationS,
    completed: summary.completed,
    total_input_tokens: summary.promptTokens,
    total_output_tokens: summary.outputTokens,
    total_cached_tokens: summary.cachedTokens,
    cache_hit_rate: summary.cacheHitRate,
    request_throughput: summary.requestThroughput,
    input_throughput: summary.inputThroughput,
    output_throughput: summary.outputThroughput,
    total_throughput: summary.inputThroughput + summary.outputThroughput,
    peak_output_throughput: summary.peakOutputThroughput,
    peak_concurrent_requests: summary.peakConcurrent,
    concurrency: summary.concurrency,
  };
  const all = { e2e_latency: summary.e2eMs, ttft: summary.ttftMs, tpot: summary.tpotMs, itl: summary.itlMs };
  for (const [name, times] of Object.entries(all)) {
    for (const of of STATISTICS) figures[`${of}_${name}_ms`] = times?.[of] ?? null;
  }
  return figures;
}

export function shownRate(requestRate: number): number | "inf" {
  return requestRate === Number.POSITIVE_INFINITY ? "inf" : requestRate;
}

function detailOf(record: RequestRecord): object {
  const { conversation, turn, intendedMs, sentMs, endMs, pieceMs, inputTokens, outputTokens, cachedTokens } = record;
  return {
    ...{ conversation, turn, intended_ms: intendedMs, sent_ms: sentMs, end_ms: endMs, piece_ms: pieceMs },
    ...{ input_tokens: inputTokens, output_tokens: outputTokens, cached_tokens: cachedTokens },
    error: record.failure,
  };
}

const WIDTH = 50;
const STATISTICS = ["mean", "median", "std", "p90", "p95", "p99", "max"] as const;
const PRINTED = { Mean: "mean", Median: "median", P90: "p90", P95: "p95", P99: "p99" } as const;

function client({ sendLagMedianMs, sendLagP99Ms, loopDelayP99Ms, utilization }: Strain): string[] {
  return [
    heading("Client", "-"),
    line("Sent after due, median / P99 (ms):", `${fixed(sendLagMedianMs)} / ${fixed(sendLagP99Ms)}`),
    line("Event loop late, P99 (ms):", fixed(loopDelayP99Ms)),
    line("Busy (%):", fixed(utilization * 100)),
  ];
}

function times(name: string, summary: Summary | null): string[] {
  return Object.entries(PRINTED).map(([label, of]) => line(`${label} ${name} (ms):`, fixed(summary?.[of])));
}

function line(label: string, value: string | number): string {
  return `${label.padEnd(40)} ${value}`;
}

function heading(text: string, fill: string): string {
  const left = Math.floor((WIDTH - text.length) / 2);
  return fill.repeat(left) + text + fill.repeat(WIDTH - left - text.length);
}

function fixed(value: number | null | undefined): string {
  return value === undefined || value === null ? "n/a" : value.toFixed(2);
}
