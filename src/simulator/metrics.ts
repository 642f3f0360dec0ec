import { type Counter, type Gauge, type Histogram, MetricRegistry } from "../protocol/index.js";
import { BLOCK_SIZE, type Engine, type Sequence } from "./engine/index.js";

/** vLLM's buckets, in seconds. */
const TTFT_S = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160];
const TOKEN_S = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const REQUEST_S = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960];
const TOKENS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000];

/** How a request ended, in vLLM's words. */
export type FinishedReason = "stop" | "length" | "abort";

/** A replica's `/metrics`, under vLLM's names. Times are simulated seconds. */
export class ReplicaMetrics {
  readonly #registry = new MetricRegistry();
  readonly #labels: { readonly model_name: string; readonly engine: string };
  readonly #gauges: readonly (readonly [Gauge, () => number])[];
  readonly #counters: readonly (readonly [Counter, () => number])[];
  readonly #counted: number[];
  readonly #success: Counter;
  readonly #ttft: Histogram;
  readonly #interToken: Histogram;
  readonly #perToken: Histogram;
  readonly #e2e: Histogram;
  readonly #queue: Histogram;
  readonly #inference: Histogram;
  readonly #prefill: Histogram;
  readonly #decode: Histogram;
  readonly #promptTokens: Histogram;
  readonly #outputTokens: Histogram;

  constructor(engine: Engine, model: string) {
    this.#labels = { model_name: model, engine: "0" };
    const { counters } = engine;
    const registry = this.#registry;
    const names = Object.keys(this.#labels);
    const gauge = (name: string, help: string) => registry.gauge(`vllm:${name}`, help, names);
    const counter = (name: string, help: string) => registry.counter(`vllm:${name}_total`, help, names);
    const histogram = (name: string, help: string, buckets: number[]) =>
      registry.histogram(`vllm:${name}`, help, names, buckets);
    this.#gauges = [
      [gauge("num_requests_running", "Sequences in the running batch."), () => engine.running],
      [gauge("num_requests_waiting", "Sequences that wait to be scheduled."), () => engine.waiting],
      [gauge("kv_cache_usage_perc", "Used share of the KV cache blocks, 0 to 1."), () => engine.cacheUsage],
    ];
    this.#counters = [
      [counter("prefix_cache_queries", "Tokens looked up in the prefix cache."), () => counters.prefixCacheQueries],
      [counter("prefix_cache_hits", "Tokens found in the prefix cache."), () => counters.prefixCacheHits],
      [counter("prompt_tokens", "Prompt tokens of all requests."), () => counters.promptTokens],
      [counter("generation_tokens", "Tokens generated."), () => counters.generationTokens],
      [counter("num_preemptions", "Sequences preempted for want of blocks."), () => counters.preemptions],
    ];
    this.#counted = this.#counters.map(() => 0);
    this.#success = registry.counter("vllm:request_success_total", "Requests that have ended, by how.", [
      ...names,
      "finished_reason",
    ]);
    this.#ttft = histogram("time_to_first_token_seconds", "From arrival in the engine to the first token.", TTFT_S);
    this.#interToken = histogram("inter_token_latency_seconds", "Between two tokens of a request.", TOKEN_S);
    this.#perToken = histogram("request_time_per_output_token_seconds", "Mean time a token after the first.", TOKEN_S);
    this.#e2e = histogram("e2e_request_latency_seconds", "From arrival in the engine to the last token.", REQUEST_S);
    this.#queue = histogram("request_queue_time_seconds", "Waiting to be scheduled.", REQUEST_S);
    this.#inference = histogram("request_inference_time_seconds", "From being scheduled to the last token.", REQUEST_S);
    this.#prefill = histogram("request_prefill_time_seconds", "From being scheduled to the first token.", REQUEST_S);
    this.#decode = histogram("request_decode_time_seconds", "From the first token to the last.", REQUEST_S);
    this.#promptTokens = histogram("request_prompt_tokens", "Prompt tokens a request.", TOKENS);
    this.#outputTokens = histogram("request_generation_tokens", "Generated tokens a request.", TOKENS);
    registry
      .gauge("vllm:cache_config_info", "The cache's geometry, as labels.", [
        ...names,
        "block_size",
        "num_gpu_blocks",
        "enable_prefix_caching",
      ])
      .set(
        {
          ...this.#labels,
          block_size: String(BLOCK_SIZE),
          num_gpu_blocks: String(engine.pool.size),
          enable_prefix_caching: engine.prefixCaching ? "True" : "False",
        },
        1,
      );
  }

  /** A token has been generated `sinceLastMs` after the one before it. */
  token(sinceLastMs: number): void {
    this.#interToken.observe(this.#labels, sinceLastMs / 1000);
  }

  firstToken({ arrivedMs, firstTokenMs }: Sequence): void {
    this.#ttft.observe(this.#labels, ((firstTokenMs ?? arrivedMs) - arrivedMs) / 1000);
  }

  ended(sequence: Sequence | null, reason: FinishedReason): void {
    this.#success.inc({ ...this.#labels, finished_reason: reason });
    if (sequence === null) return;
    const { arrivedMs, scheduledMs, firstTokenMs, finishedMs, promptTokens, generated } = sequence;
    this.#promptTokens.observe(this.#labels, promptTokens);
    this.#outputTokens.observe(this.#labels, generated);
    if (scheduledMs === null || firstTokenMs === null || finishedMs === null) return;
    this.#queue.observe(this.#labels, (scheduledMs - arrivedMs) / 1000);
    this.#prefill.observe(this.#labels, (firstTokenMs - scheduledMs) / 1000);
    this.#inference.observe(this.#labels, (finishedMs - scheduledMs) / 1000);
    this.#decode.observe(this.#labels, (finishedMs - firstTokenMs) / 1000);
    this.#e2e.observe(this.#labels, (finishedMs - arrivedMs) / 1000);
    if (generated > 1) this.#perToken.observe(this.#labels, (finishedMs - firstTokenMs) / (generated - 1) / 1000);
  }

  /** In Prometheus' text format. */
  expose(): string {
    for (const [gauge, value] of this.#gauges) gauge.set(this.#labels, value());
    this.#counters.forEach(([counter, total], i) => {
      counter.inc(this.#labels, total() - this.#counted[i]!);
      this.#counted[i] = total();
    });
    return this.#registry.expose();
  }
}
