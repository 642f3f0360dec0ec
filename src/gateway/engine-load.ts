import type { LoadReport } from "../routing/index.js";

/** By what vLLM, SGLang and TensorRT-LLM call them; older names come later. */
const NAMES = {
  running: ["vllm:num_requests_running", "sglang:num_running_reqs", "trtllm_num_requests_running"],
  waiting: ["vllm:num_requests_waiting", "sglang:num_queue_reqs", "trtllm_num_requests_waiting"],
  kvUsage: [
    "vllm:kv_cache_usage_perc",
    "vllm:gpu_cache_usage_perc",
    "sglang:token_usage",
    "trtllm_kv_cache_utilization",
  ],
} as const;

/** What is above it is no count of requests, and no router takes it. */
const MOST = 1e9;

/**
 * Reads an engine's `/metrics`. Where there are several series, of engines in one server or of ranks, requests are their sum and
 * cache usage is their mean.
 * @returns null when requests under way are not told.
 */
export function loadOf(text: string): LoadReport | null {
  const series = new Map<string, number[]>();
  for (const line of text.split("\n")) {
    const found = LINE.exec(line);
    if (found === null) continue;
    const [, name, value] = found;
    const number = Number(value);
    if (!(number >= 0 && number <= MOST)) continue;
    const known = series.get(name!);
    if (known === undefined) series.set(name!, [number]);
    else known.push(number);
  }
  const first = (names: readonly string[]) => names.map((name) => series.get(name)).find((each) => each !== undefined);
  const running = first(NAMES.running);
  const waiting = first(NAMES.waiting);
  if (running === undefined) return null;
  const usage = first(NAMES.kvUsage);
  return {
    running: sum(running),
    waiting: sum(waiting ?? []),
    kvUsage: usage === undefined ? null : Math.min(1, sum(usage) / usage.length),
  };
}

const LINE = new RegExp(`^(${Object.values(NAMES).flat().join("|")})(?:\\{.*\\})? +([^ ]+)`);

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}
