import { describe, expect, test } from "vitest";
import { SERVE_COLUMNS, VLLM_COLUMNS } from "../../../bench/serving/sweep/columns.js";
import { readConfig, type Variant } from "../../../bench/serving/sweep/config.js";
import { averageFigures, engineFigures, readSamples } from "../../../bench/serving/sweep/engine-metrics.js";

/** As Ray's guide lists them. */
const REFERENCE_SERVE =
  "gpu_type, model_name, num_servers, enable_prefix_caching, enable_chunked_prefill, benchmark_label, request_router, min_output_len, max_output_len, max_concurrency, request_rate, with_warmup, disable_ignore_eos, disable_stream, max_conversations, num_prompts, duration, completed, request_throughput, input_throughput, output_throughput, mean_ttft_ms, median_ttft_ms, std_ttft_ms, p99_ttft_ms, mean_tpot_ms, median_tpot_ms, std_tpot_ms, p99_tpot_ms, mean_itl_ms, median_itl_ms, std_itl_ms, p99_itl_ms, mean_e2e_latency_ms, median_e2e_latency_ms";
const REFERENCE_VLLM =
  "prompt_tokens_total, generation_tokens_total, request_success_total, time_to_first_token_seconds, time_per_output_token_seconds, e2e_request_latency_seconds, request_queue_time_seconds, request_inference_time_seconds, request_prefill_time_seconds, request_decode_time_seconds";

describe("the CSV files", () => {
  test.each([
    ["serve", SERVE_COLUMNS, REFERENCE_SERVE],
    ["vllm", VLLM_COLUMNS, REFERENCE_VLLM],
  ] as const)("of %s have the reference's columns in its order, and ours after them", (_, columns, reference) => {
    const theirs = reference.split(", ");
    expect(columns.slice(0, theirs.length)).toEqual(theirs);
    expect(new Set(columns).size).toBe(columns.length);
  });
});

describe("a configuration", () => {
  test("has the reference's defaults", () => {
    const [{ config }] = readConfig("", "empty.yaml") as [Variant];
    expect(config).toMatchObject({
      strategies: [
        { name: "pow_of_2", policy: "pow_of_2" },
        { name: "prefix_aware", policy: "prefix_aware" },
      ],
      benchmarkLabel: "prefix_aware_with_eviction",
      gpuType: "L4",
      numServers: 4,
      repeat: 1,
      run: {
        host: "127.0.0.1",
        port: 8000,
        model: "Qwen/Qwen2.5-1.5B-Instruct",
        enablePrefixCaching: true,
        enableChunkedPrefill: true,
        withWarmup: false,
        minOutputLen: 10,
        maxOutputLen: 200,
        maxConcurrency: 40,
        requestRate: 100,
        maxConversations: 10_000,
        numPrompts: 1000,
        disableIgnoreEos: false,
        disableStream: false,
        maxOngoingRequests: 20,
        profile: "l4-qwen2.5-1.5b",
      },
    });
  });

  test("takes every option of a run and of a policy, and what the command line says in its place", () => {
    const text = `
router_port: 9000
routing_strategies_dict: {mine: ./my-policy.mjs, pow_of_2: }
request_rate: .inf
disable_stream: true
header: {x-team: blue}
extra_request_body: {top_p: 0.9}
imbalanced_threshold: 7
`;
    const [{ config }] = readConfig(text, "a.yaml", { num_servers: "8", with_warmup: true }) as [Variant];
    expect(config.strategies).toEqual([
      { name: "mine", policy: "./my-policy.mjs", options: {} },
      { name: "pow_of_2", policy: "pow_of_2", options: {} },
    ]);
    expect(config.numServers).toBe(8);
    expect(config.run).toMatchObject({
      port: 9000,
      requestRate: Number.POSITIVE_INFINITY,
      disableStream: true,
      withWarmup: true,
      header: { "x-team": "blue" },
      extraRequestBody: { top_p: 0.9 },
      imbalancedThreshold: 7,
    });
  });

  test("takes options of a strategy's own", () => {
    const text = `
routing_strategies_dict:
  spread: { policy: prefix_aware, imbalanced_threshold: 10, do_eviction: true }
  cache_aware: { cache_threshold: 0.3 }
  without: { policy: prefix_aware, imbalanced_threshold: .inf }
`;
    expect(readConfig(text, "a.yaml")[0]!.config.strategies).toEqual([
      { name: "spread", policy: "prefix_aware", options: { imbalancedThreshold: 10, doEviction: true } },
      { name: "cache_aware", policy: "cache_aware", options: { cacheThreshold: 0.3 } },
      { name: "without", policy: "prefix_aware", options: { imbalancedThreshold: Number.POSITIVE_INFINITY } },
    ]);
  });

  test("finds the profile of a model on a GPU", () => {
    const text = "gpu_type: H100\nmodel_name: meta-llama/Llama-3.1-8B-Instruct\n";
    expect(readConfig(text, "a.yaml")[0]!.config.run.profile).toBe("h100-llama-3.1-8b");
  });

  test("with lists of values stands for every combination of them", () => {
    const variants = readConfig("disable_stream: [false, true]\nmax_concurrency: [40, 80]\n", "a.yaml");
    expect(variants.map(({ name }) => name)).toEqual([
      "disable_stream-false_max_concurrency-40",
      "disable_stream-false_max_concurrency-80",
      "disable_stream-true_max_concurrency-40",
      "disable_stream-true_max_concurrency-80",
    ]);
    expect(variants[3]!.config.run).toMatchObject({ disableStream: true, maxConcurrency: 80 });
  });

  test.each([
    ["max_concurrency: []", "max_concurrency has an empty list of values"],
    ["num_prompt: 3", "there is no num_prompt; there is num_prompts"],
    ["num_prompts: many", "--num-prompts <count>' argument 'many' is invalid"],
    ["num_servers: 0", "num_servers must be a whole number, 1 or more, not 0"],
    ["routing_strategies_dict: {x: fastest}", "routing_strategies_dict: x: fastest: Allowed are"],
    ["routing_strategies_dict: {}", "names no strategy"],
    ["routing_strategies_dict: {x: {policy: prefix_aware, threshold: 1}}", "x: prefix_aware: there is no threshold"],
    ["routing_strategies_dict: {x: {policy: prefix_aware, imbalanced_threshold: -1}}", "argument '-1' is invalid"],
    [
      "routing_strategies_dict: {x: {policy: prefix_aware, do_eviction: 1}}",
      "do_eviction must be true or false, not 1",
    ],
    ["servers: docker", "servers must be simulated or llama-cpp, or have a start, not docker"],
    ["tree: both", "--tree <whose>' argument 'both' is invalid"],
    ["routing_strategies_dict: [random, random]", "routing_strategies_dict names random twice"],
    ["repeat: [1, 2]", "repeat must be one number, not a list"],
    ["track_interval: 0.001", "track_interval must be 0.01 s or more, not 0.001"],
    [
      "gpu_type: TPU",
      "gpu_type TPU with model_name Qwen/Qwen2.5-1.5B-Instruct has no simulated profile; there are l4-",
    ],
    ["servers: {begin: x}", "servers has no begin"],
    ["servers: {start: 3}", "servers.start must be a command"],
    ["min_output_len: 300", "min_output_len 300 is above max_output_len 200"],
    ["- a", 'must have names and values, as "num_prompts: 1000"'],
    ["a: [", "a.yaml is not YAML"],
  ])("that is wrong is refused with the file, the name and the value: %s", (text, message) => {
    expect(() => readConfig(text, "a.yaml")).toThrow(message);
    expect(() => readConfig(text, "a.yaml")).toThrow("a.yaml");
  });
});

describe("the engines' metrics", () => {
  const page = (prefix: string, tokens: number, queueSum: number, queueCount: number) => `# HELP x y
${prefix}prompt_tokens_total{model_name="a b",engine="0"} ${tokens}
${prefix}request_success_total{finished_reason="stop"} 3
${prefix}request_success_total{finished_reason="length"} 4
${prefix}request_queue_time_seconds_bucket{le="+Inf"} ${queueCount}
${prefix}request_queue_time_seconds_sum{engine="0"} ${queueSum}
${prefix}request_queue_time_seconds_count{engine="0"} ${queueCount}
${prefix}inter_token_latency_seconds_sum 2
${prefix}inter_token_latency_seconds_count 100 1700000000
`;

  test.each(["vllm:", "ray_vllm:", "ray_vllm_", "sglang:"])("are read by their names after %s", (prefix) => {
    expect(engineFigures(null, readSamples(page(prefix, 500, 6, 12)))).toMatchObject({
      prompt_tokens_total: 500,
      request_success_total: 7,
      request_queue_time_seconds: 0.5,
      time_per_output_token_seconds: 0.02, // by its newer name
      request_decode_time_seconds: null,
    });
  });

  test("of a run are what was added during it, averaged over the replicas that tell", () => {
    const before = readSamples(page("vllm:", 500, 6, 12));
    const after = readSamples(page("vllm:", 800, 10, 14));
    const one = engineFigures(before, after);
    expect(one).toMatchObject({ prompt_tokens_total: 300, request_queue_time_seconds: 2 });
    const other = engineFigures(null, readSamples("vllm:prompt_tokens_total 100\n"));
    expect(averageFigures([one, other])).toMatchObject({
      prompt_tokens_total: 200,
      request_queue_time_seconds: 2,
      request_decode_time_seconds: null,
    });
  });
});
