import { describe, expect, test } from "vitest";
import { PROFILES, simulateCluster } from "../../../src/simulator/index.js";
import { workload } from "../../../src/workloads/index.js";
import fc from "../../properties.js";
import { CHAT, handMade, REFERENCE, run, words } from "./support.js";

const L4 = PROFILES["l4-qwen2.5-1.5b"];
const POLICY_NAMES = ["pow_of_2", "prefix_aware", "kv_cost", "session", "oracle"] as const;

describe("a run", () => {
  test.each(POLICY_NAMES)(
    "with %s gives the same twice, to the last digit, and another with another seed",
    async (policy) => {
      const options = { policy, workload: CHAT, routers: 2, client: { kind: "closed", thinkMs: 200 } } as const;
      const [one, again, other] = [await run(options), await run(options), await run({ ...options, seed: 1 })];
      expect(JSON.stringify(again)).toBe(JSON.stringify(one));
      expect(JSON.stringify(other.result.serving)).not.toBe(JSON.stringify(one.result.serving));
    },
  );

  test("answers every request once, with the tokens that were asked for", async () => {
    const { result, requests } = await run();
    expect([result.serving.completed, requests.length, result.refused]).toEqual([150, 150, 0]);
    const places = requests.map(({ conversation, turn }) => `${conversation}.${turn}`);
    expect(new Set(places)).toEqual(new Set(REFERENCE.order.map((place) => place.join("."))));
    for (const { conversation, turn, outputTokens } of requests) {
      expect(outputTokens).toBe(REFERENCE.conversation(conversation)[turn]!.outputTokens);
    }
  });

  test("counts what its requests sum up to", async () => {
    const { result, requests } = await run({ routers: 3 });
    const sum = (of: (request: (typeof requests)[number]) => number) =>
      requests.reduce((all, each) => all + of(each), 0);
    const { serving, cache, balance } = result;
    expect(serving.promptTokens).toBe(sum(({ promptTokens }) => promptTokens));
    expect(serving.outputTokens).toBe(sum(({ outputTokens }) => outputTokens));
    expect(cache.hitTokens).toBe(sum(({ cachedTokens }) => cachedTokens));
    expect(cache.hitRatio).toBeCloseTo(cache.hitTokens / serving.promptTokens, 12);
    expect(balance.requests.reduce((a, b) => a + b)).toBe(150);
    expect(balance.requests).toEqual([0, 1, 2, 3].map((i) => requests.filter(({ replica }) => replica === i).length));
    expect(serving.ttftMs!.mean).toBeCloseTo(sum(({ sentMs, firstMs }) => firstMs - sentMs) / 150, 9);
    expect(serving.e2eMs!.mean).toBeCloseTo(sum(({ sentMs, lastMs }) => lastMs - sentMs) / 150, 9);
  });

  test("obeys Little's law within 2 %: requests under way = requests a second · time in the cluster", async () => {
    const concurrency = 20;
    const { result, requests } = await run({
      workload: workload("random", { seed: 3, requests: 1500 }),
      client: { kind: "closed", concurrency, rate: Number.POSITIVE_INFINITY },
    });
    // While the loop is full: from its start until no request is left to begin.
    const endMs = Math.max(...requests.map(({ sentMs }) => sentMs));
    const inside = requests.reduce((sum, { sentMs, lastMs }) => sum + Math.min(lastMs, endMs) - sentMs, 0);
    expect(Math.abs(inside / endMs / concurrency - 1)).toBeLessThan(0.02);
    const { requestThroughput, e2eMs } = result.serving;
    expect(Math.abs((requestThroughput * e2eMs!.mean) / 1000 / concurrency - 1)).toBeLessThan(0.02);
  });

  test("of one prompt at a time has TTFT = api + t0 + P · tP, and ITL of a step", async () => {
    const alone = handMade([[{ prompt: words(256, "a"), outputTokens: 3 }]]);
    const { requests, result } = await run({ workload: alone });
    const { sentMs, firstMs } = requests[0]!;
    expect(firstMs - sentMs).toBeCloseTo(
      L4.apiMs + L4.stepMs + 256 * L4.prefillTokenMs + L4.attentionPairMs * 256 * 128,
      9,
    );
    expect(result.serving.itlMs!.mean).toBeCloseTo(L4.stepMs + L4.decodeMs + L4.contextTokenMs * 256.5, 4);
  });
});

describe("the caches", () => {
  test("a prompt again on one replica has floor((n − 1) ÷ 16) · 16 tokens cached", async () => {
    const again = handMade([[{ prompt: words(100, "a") }], [{ prompt: words(100, "a") }]]);
    const { requests } = await run({ workload: again, replicas: 1, client: { kind: "closed", concurrency: 1 } });
    expect(requests.map(({ cachedTokens }) => cachedTokens)).toEqual([0, 96]);
  });

  test("a turn that goes on with the answer finds the answer too", async () => {
    const answer =
      " and then some more words come out of it for a while, until there are enough of them to fill a block";
    const prompt = words(64, "a");
    const next = `${prompt}${answer} thanks`;
    const chat = handMade([[{ prompt, answer, outputTokens: 32 }, { prompt: next }]], true);
    const { requests } = await run({ workload: chat, replicas: 1 });
    expect(requests[1]!.cachedTokens).toBeGreaterThan(64);
  });

  test("hits are within the bounds; with one replica and room for all they reach them", async () => {
    for (const policy of POLICY_NAMES) {
      const { result } = await run({ policy, cache: "tight" });
      expect(result.cache.hitRatio).toBeLessThanOrEqual(result.cache.infiniteHitRatio);
      expect(result.cache.oneCacheHitRatio).toBeLessThanOrEqual(result.cache.infiniteHitRatio);
    }
    const { result } = await run({ replicas: 1, cache: "ample", client: { kind: "closed", concurrency: 1 } });
    expect([result.cache.shareOfInfinite, result.cache.shareOfOneCache, result.cache.evictions]).toEqual([1, 1, 0]);
    expect(result.cache.reprefilledTokens).toBe(0);
  });

  test("a tight cache evicts and computes again, and the bound of one large cache falls", async () => {
    const ample = (await run({ cache: "ample" })).result;
    const tight = (await run({ cache: "tight" })).result;
    expect([ample.cache.evictions, tight.blocks < ample.blocks]).toEqual([0, true]);
    expect(tight.cache.evictions).toBeGreaterThan(0);
    expect(tight.cache.reprefilledTokens).toBeGreaterThan(ample.cache.reprefilledTokens);
    expect(tight.cache.oneCacheHitRatio).toBeLessThan(ample.cache.oneCacheHitRatio);
  });

  test("without prefix caching nothing is found", async () => {
    expect((await run({ enablePrefixCaching: false })).result.cache.hitTokens).toBe(0);
  });
});

describe("the routers", () => {
  test("with one tree find what another has sent, with one each they do not", async () => {
    const shared = (await run({ routers: 8, tree: "shared" })).result;
    const own = (await run({ routers: 8, tree: "own" })).result;
    expect(shared.cache.shareOfInfinite).toBeGreaterThan(0.95);
    expect(own.cache.shareOfInfinite).toBeLessThan(shared.cache.shareOfInfinite! - 0.1);
  });

  test("put back what a replica refuses, until it has room", async () => {
    // Each router believes that it has 4 places on each replica; together they have no more.
    const { result, requests } = await run({
      routers: 4,
      maxOngoingRequests: 4,
      policy: "pow_of_2",
      client: { kind: "closed", concurrency: 30 },
    });
    expect(result.rejections).toBeGreaterThan(0);
    expect([result.refused, requests.length]).toEqual([0, 150]);
    const events = requests.flatMap(({ replica, firstMs, lastMs }) => [
      { replica, atMs: firstMs, change: 1 },
      { replica, atMs: lastMs, change: -1 },
    ]);
    events.sort((a, b) => a.atMs - b.atMs || a.change - b.change);
    const ongoing = [0, 0, 0, 0];
    for (const { replica, change } of events) {
      ongoing[replica]! += change;
      expect(ongoing[replica]).toBeLessThanOrEqual(4);
    }
  });

  test("hear of the replicas' loads when they are told to", async () => {
    const heard: (number | null)[] = [];
    const policy = {
      name: "listener",
      tree: null,
      choose({
        candidates,
        timeS,
      }: {
        candidates: readonly { reported(timeS: number): { running: number } | null }[];
        timeS: number;
      }) {
        heard.push(candidates[0]!.reported(timeS)?.running ?? null);
        return { replica: candidates[0]!, reason: "custom", matchedChars: 0 };
      },
    } as never;
    await run({ policy });
    expect(new Set(heard)).toEqual(new Set([null]));
    heard.length = 0;
    await run({ policy, loadReportMs: 100, loadReportAgeMs: 50 });
    expect(heard[0]).toBeNull();
    expect(heard.some((running) => running !== null && running > 0)).toBe(true);
  });

  test("predict hits to a block on a cache that forgets nothing", async () => {
    const { result } = await run({ client: { kind: "closed", concurrency: 1 } });
    expect(result.prediction!.p95).toBeLessThanOrEqual(16);
    expect((await run({ policy: "pow_of_2" })).result.prediction).toBeNull();
  });
});

describe("the oracle", () => {
  test("is at least as good in TTFT as choosing by chance, whatever it holds to be least", async () => {
    const chance = (await run({ policy: "random" })).result.serving.ttftMs!.mean;
    for (const oracleCost of ["ttft", "prefill", "delay"] as const) {
      const { result } = await run({ policy: "oracle", oracleCost });
      expect(result.serving.ttftMs!.mean).toBeLessThan(0.8 * chance);
    }
  });

  test("keeps a burst of one new prefix together though no block of it is computed", async () => {
    const burst = handMade(Array.from({ length: 3 }, (_, i) => [{ prompt: `${words(4000, "a")} ${i}` }]));
    const { requests } = await run({
      workload: burst,
      policy: "oracle",
      oracleCost: "prefill",
      client: { kind: "closed", concurrency: 3, rate: Number.POSITIVE_INFINITY },
    });
    expect(new Set(requests.map(({ replica }) => replica)).size).toBe(1);
    expect(requests.map(({ cachedTokens }) => cachedTokens >= 2048)).toEqual([false, true, true]);
  });
});

describe("what is wrong", () => {
  test.each([
    [{ replicas: 0 }, "replicas must be a whole number, 1 or more, not 0"],
    [{ routers: 1.5 }, "routers must be a whole number, 1 or more, not 1.5"],
    [{ policy: "best" }, "policy must be one of round_robin, random, "],
    [{ tree: "both" }, 'tree must be "shared" or "own", not "both"'],
    [{ cache: "big" }, 'cache must be "profile" or "ample" or "tight", not "big"'],
    [{ cache: 0 }, 'cache must be a whole number, 1 or more, "profile", "ample" or "tight", not 0'],
    [{ client: { kind: "burst" } }, 'client.kind must be "closed" or "open" or "trace", not "burst"'],
    [{ client: { kind: "open" } }, 'a client of kind "open" needs either rate or load'],
    [
      { client: { kind: "closed", load: 1 } },
      'unknown option "load" for a client of kind "closed"; there are concurrency,',
    ],
    [{ client: { kind: "open", rate: -1 } }, "client.rate must be a number above 0, not -1"],
    [{ client: { kind: "closed", thinkMs: Number.NaN } }, "client.thinkMs must be 0 ms or more and finite, not NaN"],
    [{ client: { kind: "trace" } }, 'client "trace" needs times: workload reference has no atMs for turn'],
    [{ seed: 0.5 }, "seed must be a whole number, not 0.5"],
    [{ workload: {} }, "workload must be a Workload, not an object"],
    [{ profile: "l5" }, "profile must be one of "],
    [{ profile: { ...L4, stepMs: undefined } }, "profile.stepMs is missing: it must be 0 ms or more"],
    [{ profile: { ...L4, prefillTokenMs: -1 } }, "profile.prefillTokenMs must be 0 ms or more and finite, not -1"],
    [{ enablePrefixCaching: 1 }, "enablePrefixCaching must be true or false, not 1"],
    [{ oracleCost: "all" }, 'oracleCost must be "ttft" or "prefill" or "delay", not "all"'],
    [{ treshold: 1 }, 'unknown option "treshold" for policy prefix_aware'],
  ])("%o is named", async (options, message) => {
    await expect(run(options as never)).rejects.toThrow(message);
  });

  test("a prompt that is longer than the model's context is named with its place", async () => {
    const long = handMade([[{}], [{ prompt: words(40_000, "a"), outputTokens: 7 }]]);
    await expect(run({ workload: long })).rejects.toThrow(
      "turn 0 of conversation 1 of workload hand-made has 40000 tokens and 7 to generate; prompt and answer together must be at most 32768",
    );
  });

  test("a signal ends the run with its reason", async () => {
    const controller = new AbortController();
    const onRequest = () => controller.abort(new Error("enough"));
    const options = { workload: REFERENCE, policy: "pow_of_2", signal: controller.signal, onRequest } as const;
    await expect(simulateCluster(options)).rejects.toThrow("enough");
  });
});

test("whatever the options, all requests are answered and none is in two places", async () => {
  const small = workload("chat", { seed: 5, requests: 60, firstTurnTokens: 200, laterTurnTokens: 100 });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        policy: fc.constantFrom(
          "prefix_aware",
          "cache_aware",
          "round_robin",
          "consistent_hash",
          "prefix_blocks",
          "oracle",
        ),
        replicas: fc.integer({ min: 1, max: 5 }),
        routers: fc.integer({ min: 1, max: 3 }),
        tree: fc.constantFrom("shared", "own"),
        insertAt: fc.constantFrom("choice", "accept"),
        matching: fc.constantFrom("exact", "fifo"),
        maxOngoingRequests: fc.integer({ min: 1, max: 6 }),
        cache: fc.integer({ min: 200, max: 600 }),
        streamBatchMs: fc.constantFrom(0, 30),
        loadReportMs: fc.constantFrom(0, 70),
        seed: fc.nat({ max: 100 }),
      }),
      async (options) => {
        const { result, requests } = await run({ ...options, workload: small } as never);
        expect([result.serving.completed, result.refused]).toEqual([60, 0]);
        expect(new Set(requests.map(({ conversation, turn }) => `${conversation}.${turn}`)).size).toBe(60);
        for (const { sentMs, firstMs, lastMs, cachedTokens, promptTokens } of requests) {
          expect(firstMs).toBeGreaterThan(sentMs);
          expect(lastMs).toBeGreaterThanOrEqual(firstMs);
          expect(cachedTokens).toBeLessThan(promptTokens);
        }
      },
    ),
    { numRuns: 40 },
  );
});
