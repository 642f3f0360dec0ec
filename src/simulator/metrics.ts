import { type Counter, type FinishReason, type Histogram, MetricRegistry } from "../protocol/index.js";
import { BLOCK_SIZE, type Engine, type Sequence, type Step } from "./engine/index.js";

/** vLLM's buckets, in seconds and in tokens. */
const TTFT_S = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const TOKEN_S = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const REQUEST_S = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];
const TOKENS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000];
const STEP_TOKENS = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];

/** What the gauges tell, which may be what is not so. */
export interface ReportedLoad {
  readonly running: number;
  readonly waiting: number;
  /** Used share of the blocks, 0 to 1. */
  readonly cacheUsage: number;
}

export interface MetricsOptions {
  readonly model: string;
  /** Simulated milliseconds between two refreshes of what is exposed; 0: it is always what is so. */
  readonly intervalMs: number;
  readonly adapters: readonly string[];
  readonly load: () => ReportedLoad;
  /** The requests in the engine. */
  readonly sequences: () => Iterable<Sequence>;
  /** Seconds since 1970. */
  readonly clock: () => number;
}

/**
 * A replica's `/metrics`, under vLLM's names: older ones, which were renamed, beside the newer. Times are simulated seconds.
 */
export class ReplicaMetrics {
  readonly #registry: MetricRegistry;
  /** Bring what is read from the engine up to date. */
  readonly #refresh: (() => void)[] = [];
  readonly #success: Counter;
  readonly #ttft: Histogram;
  readonly #interToken: readonly Histogram[];
  readonly #perToken: Histogram;
  readonly #e2e: Histogram;
  readonly #queue: Histogram;
  readonly #inference: Histogram;
  readonly #prefill: Histogram;
  readonly #decode: Histogram;
  readonly #promptTokens: Histogram;
  readonly #outputTokens: Histogram;
  readonly #stepTokens: Histogram;

  readonly #intervalMs: number;
  /** What a scrape sees until the next refresh; null before the first. */
  #shown: (() => string) | null = null;
  #refreshMs = 0;

  constructor(engine: Engine, options: MetricsOptions) {
    const { model, intervalMs, load } = options;
    this.#intervalMs = intervalMs;
    this.#registry = new MetricRegistry({ model_name: model, engine: "0" });
    const { counters } = engine;
    this.#gauge("num_requests_running", "Sequences in the running batch.", () => load().running);
    this.#gauge("num_requests_waiting", "Sequences that wait to be scheduled.", () => load().waiting);
    this.#counter("num_preemptions", "Sequences preempted for want of blocks.", () => counters.preemptions);
    this.#counter("prompt_tokens", "Tokens of the prompts computed.", () => counters.promptTokens);
    this.#counter("generation_tokens", "Tokens generated.", () => counters.generationTokens);
    for (const [cache, prefix] of [
      ["kv_cache", ""],
      ["gpu_cache", "gpu_"],
    ] as const) {
      this.#gauge(`${cache}_usage_perc`, "Used share of the KV cache's blocks, 0 to 1.", () => load().cacheUsage);
      const queries = "Tokens looked up in the prefix cache.";
      this.#counter(`${prefix}prefix_cache_queries`, queries, () => counters.prefixCacheQueries);
      this.#counter(`${prefix}prefix_cache_hits`, "Tokens found in it.", () => counters.prefixCacheHits);
    }
    for (const found of ["queries", "hits"]) {
      this.#counter(`external_prefix_cache_${found}`, "Tokens of a cache outside the engine: there is none.", () => 0);
    }
    this.#cacheConfig(engine);
    this.#loraInfo(options);
    const sleep = this.#registry.gauge("vllm:engine_sleep_state", "1 for the state that the engine is in.", [
      "sleep_state",
    ]);
    sleep.set({ sleep_state: "awake" }, 1);
    for (const state of ["weights_offloaded", "discard_all"]) sleep.set({ sleep_state: state }, 0);
    this.#success = this.#registry.counter("vllm:request_success_total", "Requests that have ended, by how.", [
      "finished_reason",
    ]);
    for (const reason of ["stop", "length", "abort"] as const) this.#success.inc({ finished_reason: reason }, 0);
    const seconds = (name: string, help: string, bounds: number[]) => this.#histogram(`${name}_seconds`, help, bounds);
    this.#ttft = seconds("time_to_first_token", "From the request to its first token.", TTFT_S);
    this.#interToken = ["inter_token_latency", "time_per_output_token"].map((name) =>
      seconds(name, "Between two tokens of a request.", TOKEN_S),
    );
    this.#perToken = seconds("request_time_per_output_token", "Mean time a token after the first.", TOKEN_S);
    this.#e2e = seconds("e2e_request_latency", "From the request to its last token.", REQUEST_S);
    this.#queue = seconds("request_queue_time", "Waiting to be scheduled.", REQUEST_S);
    this.#inference = seconds("request_inference_time", "From being scheduled to the last token.", REQUEST_S);
    this.#prefill = seconds("request_prefill_time", "From being scheduled to the first token.", REQUEST_S);
    this.#decode = seconds("request_decode_time", "From the first token to the last.", REQUEST_S);
    this.#promptTokens = this.#histogram("request_prompt_tokens", "Prompt tokens a request.", TOKENS);
    this.#outputTokens = this.#histogram("request_generation_tokens", "Generated tokens a request.", TOKENS);
    this.#stepTokens = this.#histogram("iteration_tokens_total", "Tokens computed a step.", STEP_TOKENS);
  }

  step({ scheduled }: Step): void {
    this.#stepTokens.observe(
      {},
      scheduled.reduce((sum, { tokens }) => sum + tokens, 0),
    );
  }

  /** A token has come, generated at `generatedMs`; the one before it at `previousMs`, null for the first. */
  token({ receivedMs }: Sequence, generatedMs: number, previousMs: number | null): void {
    if (previousMs === null) this.#ttft.observe({}, (generatedMs - receivedMs) / 1000);
    else for (const histogram of this.#interToken) histogram.observe({}, (generatedMs - previousMs) / 1000);
  }

  aborted(): void {
    this.#success.inc({ finished_reason: "abort" });
  }

  /** A request has got its last token. */
  finished(sequence: Sequence, reason: FinishReason): void {
    const { receivedMs, arrivedMs, promptTokens, generated } = sequence;
    const [scheduledMs, firstMs, lastMs] = [sequence.scheduledMs!, sequence.firstTokenMs!, sequence.finishedMs!];
    this.#success.inc({ finished_reason: reason });
    this.#promptTokens.observe({}, promptTokens);
    this.#outputTokens.observe({}, generated);
    this.#queue.observe({}, (scheduledMs - arrivedMs) / 1000);
    this.#prefill.observe({}, (firstMs - scheduledMs) / 1000);
    this.#decode.observe({}, (lastMs - firstMs) / 1000);
    this.#inference.observe({}, (lastMs - scheduledMs) / 1000);
    this.#e2e.observe({}, (lastMs - receivedMs) / 1000);
    if (generated > 1) this.#perToken.observe({}, (lastMs - firstMs) / (generated - 1) / 1000);
  }

  /** Time goes on to `atMs`: what was so at the last refresh before it is what is shown. Before anything changes at that time. */
  advance(atMs: number): void {
    if (this.#intervalMs === 0 || atMs < this.#refreshMs) return;
    this.#update();
    this.#shown = this.#registry.snapshot();
    this.#refreshMs = (Math.floor(atMs / this.#intervalMs) + 1) * this.#intervalMs;
  }

  /** In Prometheus' text format. */
  expose(): string {
    if (this.#shown !== null) return this.#shown();
    this.#update();
    return this.#registry.expose();
  }

  #update(): void {
    for (const refresh of this.#refresh) refresh();
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge = this.#registry.gauge(`vllm:${name}`, help);
    this.#refresh.push(() => gauge.set({}, read()));
  }

  #counter(name: string, help: string, read: () => number): void {
    const counter = this.#registry.counter(`vllm:${name}_total`, help);
    let counted = 0;
    this.#refresh.push(() => {
      const total = read();
      counter.inc({}, total - counted);
      counted = total;
    });
  }

  #histogram(name: string, help: string, bounds: number[]): Histogram {
    return this.#registry.histogram(`vllm:${name}`, help, [], bounds);
  }

  #cacheConfig({ pool, prefixCaching }: Engine): void {
    const labels = {
      block_size: String(BLOCK_SIZE),
      num_gpu_blocks: String(pool.size),
      enable_prefix_caching: prefixCaching ? "True" : "False",
    };
    const info = this.#registry.gauge(
      "vllm:cache_config_info",
      "The cache's geometry, as labels.",
      Object.keys(labels),
    );
    info.set(labels, 1);
  }
  /** As vLLM's: a label with the names, and the time as its value. */
  #loraInfo({ adapters, sequences, clock }: MetricsOptions): void {
    const gauge = this.#registry.gauge("vllm:lora_requests_info", "Adapters that run or wait, as labels.", [
      "max_lora",
      "waiting_lora_adapters",
      "running_lora_adapters",
    ]);
    this.#refresh.push(() => {
      const names = { running: new Set<string>(), waiting: new Set<string>() };
      for (const { adapter, scheduledMs } of sequences()) {
        if (adapter !== "") names[scheduledMs === null ? "waiting" : "running"].add(adapter);
      }
      const labels = {
        max_lora: String(adapters.length),
        waiting_lora_adapters: [...names.waiting].sort().join(","),
        running_lora_adapters: [...names.running].sort().join(","),
      };
      gauge.set(labels, clock());
    });
  }
}
