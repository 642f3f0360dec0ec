import { describe, expect, test } from "vitest";
import { readSamples } from "../../../bench/serving/sweep/engine-metrics.js";
import type { Policy } from "../../../src/routing/index.js";
import type { ClusterOptions, SimulatedScrape } from "../../../src/simulator/index.js";
import { workload } from "../../../src/workloads/index.js";
import { CHAT, REFERENCE, run } from "./support.js";

describe("a warm-up", () => {
  test.each(["pow_of_2", "prefix_aware"] as const)(
    "sends the workload first to cold replicas: the second time is faster, and what is told is of it (%s)",
    async (policy) => {
      const { result, requests } = await run({ policy, warmup: true });
      const cold = await run({ policy });
      expect(result.warmup).toEqual(cold.result.serving);
      expect(requests.filter(({ warmup }) => warmup)).toHaveLength(150);
      const own = requests.filter(({ warmup }) => !warmup);
      expect([own.length, result.serving.completed]).toEqual([150, 150]);
      expect(result.cache.hitTokens).toBe(own.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0));
      expect(result.balance.requests.reduce((a, b) => a + b)).toBe(150);
      expect(result.serving.ttftMs!.mean).toBeLessThan(0.8 * result.warmup!.ttftMs!.mean);
      expect(result.cache.hitRatio).toBeGreaterThan(cold.result.cache.hitRatio);
      // An endless cache has all of it but each prompt's last block.
      expect(result.cache.infiniteHitRatio).toBeGreaterThan(0.98);
      expect(result.cache.infiniteHitRatio).toBeLessThanOrEqual(1);
    },
  );

  test("begins anew whatever the client: its times, its conversations", async () => {
    const trace = workload("chat", { seed: 2, requests: 40 });
    const clients: Partial<ClusterOptions>[] = [
      { workload: CHAT, client: { kind: "closed", thinkMs: 50 } },
      { workload: CHAT, client: { kind: "open", rate: 20 } },
      { workload: trace, client: { kind: "closed", rate: Number.POSITIVE_INFINITY } },
    ];
    for (const options of clients) {
      const { result } = await run({ ...options, warmup: true });
      expect([result.warmup!.completed, result.serving.completed]).toEqual(Array(2).fill(options.workload!.size));
      // Nearly as long as the first time, and not from its beginning on.
      expect(result.serving.durationS).toBeLessThan(1.5 * result.warmup!.durationS);
    }
  });

  test("of a trace keeps its times", async () => {
    const timed = {
      ...REFERENCE,
      conversation: (index: number) =>
        REFERENCE.conversation(index).map((request) => ({ ...request, atMs: 100 * (index + 1) })),
    };
    const { requests } = await run({ workload: timed, client: { kind: "trace" }, warmup: true });
    const gaps = (warmup: boolean) => {
      const sent = requests.filter((request) => request.warmup === warmup).map(({ sentMs }) => sentMs);
      const [first] = sent.sort((a, b) => a - b);
      return sent.map((ms) => Math.round(ms - first!));
    };
    expect(gaps(false)).toEqual(gaps(true));
  });

  test("there is none unless asked for", async () => {
    expect((await run()).result.warmup).toBeNull();
    await expect(run({ warmup: 1 as never })).rejects.toThrow("warmup must be true or false, not 1");
  });
});

describe("the replicas' metrics", () => {
  const scraped = async (options: Partial<ClusterOptions>) => {
    const scrapes: SimulatedScrape[] = [];
    const { result, requests } = await run({ ...options, onScrape: (scrape) => void scrapes.push(scrape) });
    return { scrapes, result, requests };
  };
  const value = (page: string, name: string) =>
    readSamples(page).reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);

  test("are told where the run begins, every so often, and where it ends, and change nothing of it", async () => {
    const { scrapes, result } = await scraped({ scrapeMs: 500 });
    expect(result).toEqual((await run()).result);
    const times = (when: SimulatedScrape["when"]) => [
      ...new Set(scrapes.filter((scrape) => scrape.when === when).map(({ atMs }) => atMs)),
    ];
    expect(times("begin")).toEqual([0]);
    expect(times("end")).toEqual([1000 * result.serving.durationS]);
    const every = times("interval");
    expect(every.slice(0, 3)).toEqual([0, 500, 1000]);
    expect(every).toHaveLength(1 + Math.floor(result.serving.durationS / 0.5));
    expect(new Set(scrapes.map(({ id }) => id)).size).toBe(4);
  });

  test("count what was answered", async () => {
    const { scrapes, result, requests } = await scraped({ warmup: true });
    expect(scrapes.map(({ when }) => when)).toEqual([...Array(4).fill("begin"), ...Array(4).fill("end")]);
    const grown = (name: string) =>
      scrapes.reduce((sum, { when, page }) => sum + (when === "end" ? 1 : -1) * value(page, name), 0);
    const { serving, cache } = result;
    expect(grown("vllm:request_success_total")).toBe(150);
    expect(grown("vllm:prompt_tokens_total")).toBe(serving.promptTokens);
    expect(grown("vllm:generation_tokens_total")).toBe(serving.outputTokens);
    expect(grown("vllm:prefix_cache_hits_total")).toBe(cache.hitTokens);
    expect(grown("vllm:time_to_first_token_seconds_count")).toBe(150);
    expect(grown("vllm:inter_token_latency_seconds_count")).toBe(serving.outputTokens - 150);
    const own = requests.filter(({ warmup }) => !warmup);
    const waited = own.reduce((sum, { engine }) => sum + engine.scheduledMs - engine.arrivedMs, 0) / 1000;
    expect(grown("vllm:request_queue_time_seconds_sum")).toBeCloseTo(waited, 6);
    const ttft = own.reduce((sum, { engine }) => sum + engine.firstTokenMs - engine.receivedMs, 0) / 1000;
    expect(grown("vllm:time_to_first_token_seconds_sum")).toBeCloseTo(ttft, 6);
  });

  test("an interval that is none is named", async () => {
    await expect(run({ scrapeMs: -1 })).rejects.toThrow("scrapeMs must be 0 ms or more and finite, not -1");
  });
});

test("what a policy of one's own throws ends the run, at whichever request", async () => {
  let asked = 0;
  const policy: Policy = {
    name: "breaks",
    tree: null,
    choose({ candidates: [first] }) {
      if (++asked === 20) throw new TypeError("cannot read the weather");
      return { replica: first!, reason: "custom", matchedChars: 0 };
    },
  };
  await expect(run({ policy })).rejects.toThrow("cannot read the weather");
  expect(asked).toBe(20);
});
