import { expect, test } from "vitest";
import type { SimulatedReplica } from "../../src/simulator/index.js";
import { ManualClock } from "./clocks.js";
import { complete, post, startReplica, tokens } from "./support.js";

/** Samples by name and labels, those that all share left out. */
async function scrape(replica: SimulatedReplica): Promise<Map<string, number>> {
  const response = await replica.fetch(new Request("http://replica/metrics"));
  expect(response.headers.get("content-type")).toContain("version=0.0.4");
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const [, name, labels, value] =
        /^vllm:(\w+)\{model_name="Qwen\/Qwen2\.5-1\.5B-Instruct",engine="0",?(.*)\} (\S+)$/.exec(line)!;
      return [labels === "" ? name! : `${name}{${labels}}`, Number(value)];
    }),
  );
}

test("before any request all of vLLM's names are there, as zero", async () => {
  const samples = await scrape(startReplica());
  const names = `num_requests_running num_requests_waiting kv_cache_usage_perc gpu_cache_usage_perc
    prefix_cache_queries_total prefix_cache_hits_total gpu_prefix_cache_queries_total gpu_prefix_cache_hits_total
    prompt_tokens_total generation_tokens_total num_preemptions_total
    request_success_total{finished_reason="stop"} request_success_total{finished_reason="length"}
    request_success_total{finished_reason="abort"}
    time_to_first_token_seconds_count inter_token_latency_seconds_count time_per_output_token_seconds_count
    request_time_per_output_token_seconds_count e2e_request_latency_seconds_count request_queue_time_seconds_count
    request_inference_time_seconds_count request_prefill_time_seconds_count request_decode_time_seconds_count
    request_prompt_tokens_count request_generation_tokens_count iteration_tokens_total_count
    external_prefix_cache_queries_total external_prefix_cache_hits_total
    engine_sleep_state{sleep_state="weights_offloaded"} engine_sleep_state{sleep_state="discard_all"}`.split(/\s+/);
  expect(names.map((name) => [name, samples.get(name)])).toEqual(names.map((name) => [name, 0]));
  const config = 'cache_config_info{block_size="16",num_gpu_blocks="34000",enable_prefix_caching="True"}';
  expect([samples.get(config), samples.get('engine_sleep_state{sleep_state="awake"}')]).toEqual([1, 1]);
  const adapters = 'lora_requests_info{max_lora="0",waiting_lora_adapters="",running_lora_adapters=""}';
  expect(samples.has(adapters)).toBe(true);
});

test("after requests the metrics are what the model says, in simulated seconds", async () => {
  const replica = startReplica();
  const first = await complete(replica, { prompt: tokens(256), max_tokens: 3 });
  const second = await complete(replica, { prompt: tokens(256), max_tokens: 3 });
  const samples = await scrape(replica);
  const value = (name: string) => samples.get(name)!;

  expect([first, second].map(({ usage }) => usage!.prompt_tokens_details!.cached_tokens)).toEqual([0, 240]);
  expect([value("prefix_cache_queries_total"), value("prefix_cache_hits_total")]).toEqual([512, 240]);
  expect([value("prompt_tokens_total"), value("generation_tokens_total")]).toEqual([512, 6]);
  expect(value('request_success_total{finished_reason="length"}')).toBe(2);
  expect([value("request_prompt_tokens_sum"), value("request_generation_tokens_sum")]).toEqual([512, 6]);
  expect([value("iteration_tokens_total_sum"), value("iteration_tokens_total_count")]).toEqual([256 + 16 + 4, 6]);

  const prefillMs = 14 + 0.07 * 256 + 1.7e-6 * 256 * 128 + (14 + 0.07 * 16 + 1.7e-6 * 16 * (240 + 8));
  const decodeMs = 2 * (14 + 0.055 + 1.06e-4 * 256 + (14 + 0.055 + 1.06e-4 * 257));
  const wayInMs = 2 * 0.7 * 40;
  for (const [name, ms] of [
    ["request_queue_time", 0],
    ["request_prefill_time", prefillMs],
    ["request_decode_time", decodeMs],
    ["request_inference_time", prefillMs + decodeMs],
    ["time_to_first_token", wayInMs + prefillMs],
    ["e2e_request_latency", wayInMs + prefillMs + decodeMs],
    ["inter_token_latency", decodeMs],
    ["time_per_output_token", decodeMs],
    ["request_time_per_output_token", decodeMs / 2],
  ] as const) {
    expect(value(`${name}_seconds_sum`), name).toBeCloseTo(ms / 1000, 9);
  }
  expect([value("inter_token_latency_seconds_count"), value("e2e_request_latency_seconds_count")]).toEqual([4, 2]);
});

test("counters go on from one scrape to the next, and a single token has no time a token", async () => {
  const replica = startReplica();
  const counted: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    await complete(replica, { prompt: tokens(20, i), max_tokens: 1 });
    const samples = await scrape(replica);
    counted.push([samples.get("prompt_tokens_total"), samples.get("request_time_per_output_token_seconds_count")]);
  }
  expect(counted).toEqual([
    [20, 0],
    [40, 0],
    [60, 0],
  ]);
});

test("gauges tell what is running now", async () => {
  const replica = startReplica();
  const body = JSON.stringify({ prompt: tokens(340), max_tokens: 30_000, ignore_eos: true, stream: true });
  const response = await replica.fetch(new Request("http://replica/v1/completions", { method: "POST", body }));
  const reader = response.body!.getReader();
  await reader.read();
  const { usedBlocks } = replica.stats;
  const samples = await scrape(replica);
  await reader.cancel();
  expect(usedBlocks).toBe(22); // 340 tokens and the one that is being computed
  expect(samples.get("num_requests_running")).toBe(1);
  expect(samples.get("kv_cache_usage_perc")).toBeCloseTo(22 / 34_000, 12);
  expect((await scrape(replica)).get("kv_cache_usage_perc")).toBe(0);
});

test.each([100, 10_000])(
  "with an interval of %i ms a scrape sees what was so at the last of them",
  async (interval) => {
    const clock = new ManualClock();
    const replica = startReplica({ clock, metricsIntervalMs: interval });
    const running = async () => {
      const samples = await scrape(replica);
      return [samples.get("num_requests_running"), samples.get("generation_tokens_total")];
    };
    const body = { prompt: tokens(16), max_tokens: 5000, ignore_eos: true, stream: true };
    const { body: stream } = await replica.fetch(post("/v1/completions", body));
    clock.advance(interval - 1);
    expect(replica.stats).toMatchObject({ running: 1 });
    expect(await running()).toEqual([0, 0]);
    clock.advance(1);
    const atInterval = replica.stats.generatedTokens;
    expect(atInterval).toBeGreaterThan(0);
    expect(await running()).toEqual([1, atInterval]);
    clock.advance(interval - 1);
    expect(replica.stats.generatedTokens).toBeGreaterThan(atInterval);
    expect(await running()).toEqual([1, atInterval]);
    await stream!.cancel();
    expect(await running()).toEqual([1, atInterval]);
    clock.advance(1);
    expect((await running())[0]).toBe(0);
  },
);
