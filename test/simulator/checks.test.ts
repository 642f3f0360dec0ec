import { describe, expect, test } from "vitest";
import { realClock } from "../../src/simulator/clock.js";
import { Engine } from "../../src/simulator/engine/index.js";
import { PROFILES, type ProfileName, type SimulatedReplica } from "../../src/simulator/index.js";
import { JumpingClock } from "./clocks.js";
import { add, complete, drain, L4, post, startReplica, tokens } from "./support.js";

/** What any simulation of vLLM has to show, over HTTP. The same checks of the engine alone are in engine.test.ts and full-cache.test.ts. */
describe("checks of the simulation, over HTTP", () => {
  test("hits and queries are the sums over the requests' usages", async () => {
    const replica = startReplica();
    const usages = [];
    for (const [length, first] of [
      [100, 1],
      [64, 2],
      [100, 1],
      [300, 1],
      [64, 2],
    ] as const) {
      usages.push((await complete(replica, { prompt: tokens(length, first), max_tokens: 3 })).usage!);
    }
    const metrics = await (await replica.fetch(new Request("http://replica/metrics"))).text();
    const counter = (name: string) => Number(new RegExp(`^vllm:${name}_total\\{.*\\} (.*)$`, "m").exec(metrics)![1]);
    const cached = usages.reduce((sum, usage) => sum + usage.prompt_tokens_details!.cached_tokens, 0);
    expect(cached).toBe(96 + 96 + 48);
    expect(counter("prefix_cache_hits")).toBe(cached);
    expect(counter("prefix_cache_queries")).toBe(usages.reduce((sum, { prompt_tokens }) => sum + prompt_tokens, 0));
    expect(counter("generation_tokens")).toBe(usages.reduce((sum, usage) => sum + usage.completion_tokens, 0));
  });

  test("a full cache gives up the tail of the oldest finished request first", async () => {
    const replica = startReplica({ profile: { ...L4, blocks: 8 } });
    await complete(replica, { prompt: tokens(65, 1), max_tokens: 1 });
    await complete(replica, { prompt: tokens(80, 2), max_tokens: 1 });
    const { usage } = await complete(replica, { prompt: tokens(65, 1), max_tokens: 1 });
    expect(usage!.prompt_tokens_details!.cached_tokens).toBe(48);
  });

  test("a prompt of 8,192 tokens makes every stream wait for its steps of 2,048", async () => {
    const clock = new JumpingClock();
    const replica = startReplica({ clock });
    const body = { prompt: tokens(32), max_tokens: 30_000, ignore_eos: true, stream: true };
    const reader = (await replica.fetch(post("/v1/completions", body))).body!.getReader();
    const gaps: number[] = [];
    let long: Promise<unknown> | null = null;
    let lastMs = 0;
    for (let i = 0; i < 30; i++) {
      await reader.read();
      if (i > 0) gaps.push(clock.now() - lastMs);
      lastMs = clock.now();
      if (i === 5) long = complete(replica, { prompt: tokens(8192, 2), max_tokens: 1 });
    }
    await reader.cancel();
    await long;
    expect(gaps.filter((gap) => gap >= 14 + 0.07 * 2047)).toHaveLength(4);
    expect(gaps.filter((gap) => gap < 16)).toHaveLength(29 - 4);
  });

  test("one by one, concurrency = requests a second · time a request", async () => {
    const clock = new JumpingClock();
    const replica = startReplica({ clock });
    const [clients, each] = [6, 20];
    let insideMs = 0;
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        for (let i = 0; i < each; i++) {
          const startMs = clock.now();
          await complete(replica, { prompt: tokens(100 + 50 * i, client), max_tokens: 40, ignore_eos: true });
          insideMs += clock.now() - startMs;
        }
      }),
    );
    expect(insideMs / clock.now() / clients).toBeGreaterThan(0.98);
    expect(insideMs / clock.now() / clients).toBeLessThanOrEqual(1);
  });
});

test("virtual and real time agree on cached tokens, and one by one on the order of all that happens", async () => {
  const conversation = Array.from({ length: 30 }, (_, i) => tokens(20 + ((i * 37) % 150), i % 4));
  const tight = { ...L4, blocks: 24 };
  const past = async (replica: SimulatedReplica) => {
    const seen = [];
    for (const prompt of conversation) {
      const { usage } = await complete(replica, { prompt, max_tokens: 20, ignore_eos: true });
      seen.push(usage!.prompt_tokens_details!.cached_tokens);
    }
    const events = await replica.fetch(new Request("http://replica/kv_events?from=0&live=false"));
    return { seen, events: (await events.text()).replaceAll(/"ts":[\d.]+/g, "") };
  };
  const virtual = await past(startReplica({ profile: tight, kvEvents: true }));
  const real = await past(startReplica({ profile: tight, kvEvents: true, clock: realClock, speed: 1000 }));
  expect(real).toEqual(virtual);
  expect(virtual.seen.some((cached) => cached > 0)).toBe(true);
  expect(virtual.events).toContain("BlockRemoved");
});

describe("the profile l4-qwen2.5-0.5b", () => {
  /** Median time between tokens, 256 tokens in, 128 out, so many requests at once. */
  function interToken(concurrency: number): number {
    const engine = new Engine({ profile: PROFILES["l4-qwen2.5-0.5b"] });
    for (let i = 0; i < concurrency; i++) add(engine, tokens(256, i), 128);
    const gaps = drain(engine)
      .filter(({ generated }) => generated.some(({ index }) => index > 0))
      .map(({ step }) => step.durationMs)
      .sort((a, b) => a - b);
    return gaps[Math.floor(gaps.length / 2)]!;
  }

  test.each([
    [1, 5.1],
    [8, 5.5],
    [32, 7.1],
  ])("at a concurrency of %i has the %f ms between tokens that were measured, within 5 %", (concurrency, ms) => {
    expect(Math.abs(interToken(concurrency) / ms - 1)).toBeLessThan(0.05);
  });

  test("alone has the 27 ms to the first token that were measured", async () => {
    const clock = new JumpingClock();
    await complete(startReplica({ profile: "l4-qwen2.5-0.5b", clock }), { prompt: tokens(256), max_tokens: 1 });
    expect(clock.now()).toBe(27);
  });
});

test.each(Object.keys(PROFILES) as ProfileName[])(
  "the profile %s answers, with a model of its own",
  async (profile) => {
    const replica = startReplica({ profile });
    expect((await complete(replica, { prompt: tokens(100) })).model).toBe(replica.model);
    expect(replica.stats.blocks).toBe(PROFILES[profile].blocks);
  },
);
