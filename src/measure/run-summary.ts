import { type AnsweredRequest, e2eMs, itlMs, tpotMs, ttftMs } from "./latency.js";
import { type Summary, summarize } from "./summary.js";

/** An answered request with the tokens that went in. */
export interface MeasuredRequest extends AnsweredRequest {
  readonly inputTokens: number;
  /** Of them, those that the engine had in its cache; null where the answer does not say. */
  readonly cachedTokens: number | null;
}

/** What a run comes to: answered requests only. Times in ms, rates a second of the run's whole time. */
export interface RunSummary {
  readonly durationS: number;
  readonly completed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the requests whose answers say it; null where none does. */
  readonly cachedTokens: number | null;
  /** Cached tokens by the input tokens of the same requests, 0 to 1; null where no answer says it. */
  readonly cacheHitRate: number | null;
  readonly requestThroughput: number;
  readonly inputThroughput: number;
  readonly outputThroughput: number;
  readonly totalThroughput: number;
  /** Most output tokens in a second, of the whole seconds from the first sending; tokens of a piece come when it does. */
  readonly peakOutputThroughput: number;
  /** Most requests under way at a time. */
  readonly peakConcurrent: number;
  /** Sum of all latencies by the duration. */
  readonly concurrency: number;
  readonly e2eMs: Summary;
  readonly ttftMs: Summary;
  readonly tpotMs: Summary;
  /** All gaps of all requests. */
  readonly itlMs: Summary;
}

/** @param durationMs from the first sending to the end of the last answer, also of those that failed. */
export function summarizeRun(requests: readonly MeasuredRequest[], durationMs: number): RunSummary {
  const durationS = durationMs / 1000;
  const inputTokens = sum(requests, (request) => request.inputTokens);
  const outputTokens = sum(requests, (request) => request.outputTokens);
  const told = requests.filter(({ cachedTokens }) => cachedTokens !== null);
  const cachedTokens = told.length === 0 ? null : sum(told, (request) => request.cachedTokens!);
  return {
    durationS,
    completed: requests.length,
    inputTokens,
    outputTokens,
    cachedTokens,
    cacheHitRate: cachedTokens === null ? null : cachedTokens / sum(told, (request) => request.inputTokens),
    requestThroughput: requests.length / durationS,
    inputThroughput: inputTokens / durationS,
    outputThroughput: outputTokens / durationS,
    totalThroughput: (inputTokens + outputTokens) / durationS,
    peakOutputThroughput: peakOutput(requests),
    peakConcurrent: peakConcurrent(requests),
    concurrency: sum(requests, e2eMs) / durationMs,
    e2eMs: summarize(requests.map(e2eMs)),
    ttftMs: summarize(requests.map(ttftMs)),
    tpotMs: summarize(requests.map(tpotMs).filter((time) => time !== null)),
    itlMs: summarize(requests.flatMap(itlMs)),
  };
}

function peakOutput(requests: readonly MeasuredRequest[]): number {
  const beginMs = requests.reduce((first, { sentMs }) => Math.min(first, sentMs), Number.POSITIVE_INFINITY);
  const seconds = new Map<number, number>();
  let peak = 0;
  for (const { pieceMs, outputTokens } of requests) {
    for (let i = 0; i < pieceMs.length; i++) {
      const second = Math.floor((pieceMs[i]! - beginMs) / 1000);
      const tokens = (seconds.get(second) ?? 0) + outputTokens / pieceMs.length;
      seconds.set(second, tokens);
      peak = Math.max(peak, tokens);
    }
  }
  return peak;
}

/** One that ends as another begins makes room for it. */
function peakConcurrent(requests: readonly AnsweredRequest[]): number {
  const sent = Float64Array.from(requests, ({ sentMs }) => sentMs).sort();
  const ended = Float64Array.from(requests, ({ endMs }) => endMs).sort();
  let peak = 0;
  let over = 0;
  for (let begun = 0; begun < sent.length; begun++) {
    while (ended[over]! <= sent[begun]!) over++;
    peak = Math.max(peak, begun + 1 - over);
  }
  return peak;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
