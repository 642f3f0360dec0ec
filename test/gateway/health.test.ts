import { describe, expect, test } from "vitest";
import { loadOf } from "../../src/gateway/engine-load.js";
import { turns } from "./faulty.js";
import { manualTime, metric, post, resolvers, serve, serveMortal, startGateway, until } from "./support.js";

const PROMPT = { prompt: "Why is the sky blue? ".repeat(20) };

describe("active checks", () => {
  test("take a replica out after failures in a row, with its texts, and bring it back after successes in a row", async () => {
    let well = true;
    const checked = await serve((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/health") return new Response(null, { status: well ? 200 : 503 });
      return new Response("ok");
    });
    const time = manualTime();
    const { url, gateway, router } = await startGateway(
      [checked],
      { ...time.options, health: { intervalMs: 1000, unhealthyAfter: 2, healthyAfter: 2 } },
      time.options,
    );
    const state = () => gateway.state.models[0]!.replicas[0]!.state;
    const checks = () =>
      metric(url, `warmroute_polls_total{replica="a",poll="health",result="${well ? "ok" : "failed"}"}`);
    const round = async () => {
      const before = (await checks()) ?? 0;
      time.advance(1000);
      while (((await checks()) ?? 0) === before) await turns(1);
    };
    await round();
    expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(200);
    well = false;
    await round();
    expect([state(), router.tree!.stats().chars]).toEqual(["healthy", PROMPT.prompt.length]);
    await round();
    expect([state(), router.tree!.stats().chars]).toEqual(["unhealthy", 0]);
    expect([(await post(`${url}/v1/completions`, PROMPT)).status, (await fetch(`${url}/ready`)).status]).toEqual([
      503, 503,
    ]);
    well = true;
    await round();
    expect(state()).toBe("unhealthy");
    await round();
    expect([state(), (await post(`${url}/v1/completions`, PROMPT)).status]).toEqual(["healthy", 200]);
    gateway.close();
  });

  test("count no answer in time as a failure, and are not repeated while one is under way", async () => {
    let asked = 0;
    const silent = await serve((request) => {
      if (new URL(request.url).pathname !== "/health") return new Response("ok");
      asked++;
      return new Promise<Response>(() => {});
    });
    const time = manualTime();
    const { url, gateway } = await startGateway(
      [silent],
      { ...time.options, health: { intervalMs: 1000, timeoutMs: 2500, unhealthyAfter: 1 } },
      time.options,
    );
    time.advance(0);
    await until(() => asked === 1);
    time.advance(2000);
    await turns();
    expect(asked).toBe(1);
    time.advance(500);
    while ((await metric(url, 'warmroute_polls_total{replica="a",poll="health",result="failed"}')) !== 1)
      await turns(1);
    expect(gateway.state.models[0]!.replicas[0]!.state).toBe("unhealthy");
    gateway.close();
  });
});

describe("load", () => {
  test.each([
    [
      "vLLM",
      'vllm:num_requests_running{engine="0",model_name="m"} 3.0\nvllm:num_requests_running{engine="1"} 2\n' +
        'vllm:num_requests_waiting{engine="0"} 1\nvllm:kv_cache_usage_perc{engine="0"} 0.25\nvllm:kv_cache_usage_perc{engine="1"} 0.75\n',
      { running: 5, waiting: 1, kvUsage: 0.5 },
    ],
    [
      "an older vLLM",
      "vllm:num_requests_running 1\nvllm:num_requests_waiting 0\nvllm:gpu_cache_usage_perc 0.5\n",
      { running: 1, waiting: 0, kvUsage: 0.5 },
    ],
    [
      "SGLang",
      "sglang:num_running_reqs{} 4\nsglang:num_queue_reqs{} 2\nsglang:token_usage 1.5\n",
      { running: 4, waiting: 2, kvUsage: 1 },
    ],
    [
      "TensorRT-LLM",
      "trtllm_num_requests_running 4\ntrtllm_num_requests_waiting 2\n",
      { running: 4, waiting: 2, kvUsage: null },
    ],
    ["nothing of the kind", "# TYPE up gauge\nup 1\n", null],
    ["what is no number", "vllm:num_requests_running NaN\n", null],
  ])("of %s is read from its metrics", (_, text, load) => {
    expect(loadOf(text)).toEqual(load);
  });

  test("is polled, given to the router and shown; of a replica that does not answer any more it is unknown, not none", async () => {
    const mortal = await serveMortal((request) => {
      const { pathname } = new URL(request.url);
      return new Response(
        pathname === "/metrics" ? "vllm:num_requests_running 7\nvllm:num_requests_waiting 2\n" : "ok",
      );
    });
    const time = manualTime();
    const { url, gateway, router } = await startGateway([mortal.url], { ...time.options, load: {} }, time.options);
    time.advance(0);
    await until(() => gateway.state.models[0]!.replicas[0]!.running === 7);
    expect(router.replicas[0]!.load(0)).toBe(9);
    expect(await metric(url, 'warmroute_replica_running{replica="a"}')).toBe(7);
    await mortal.kill();
    time.advance(1000);
    await until(() => gateway.state.models[0]!.replicas[0]!.running === null);
    expect(await metric(url, 'warmroute_replica_running{replica="a"}')).toBeNaN();
    gateway.close();
  });
});

describe("a replica whose reports contradict the tree", () => {
  const usage = (cached: number) => ({
    usage: {
      prompt_tokens: 1000,
      completion_tokens: 1,
      total_tokens: 1001,
      prompt_tokens_details: { cached_tokens: cached },
    },
  });

  test("so often in a row (vllm-project/router#294, sglang#7773) is taken to have lost its cache: it starts clean", async () => {
    let cached = 900;
    const replica = await serve(() => Response.json(usage(cached)));
    const { url, router, ended } = await startGateway([replica], { coldCache: { predictedTokens: 100, times: 2 } });
    const ask = async () => (await post(`${url}/v1/completions`, PROMPT)).text();
    await ask();
    await ask();
    cached = 0;
    await ask();
    cached = 900;
    await ask();
    cached = 0;
    await ask();
    expect(router.tree!.stats().chars).toBe(PROMPT.prompt.length);
    await ask();
    expect(router.tree!.stats().chars).toBe(0);
    expect(await metric(url, 'warmroute_forgotten_total{replica="a",cause="cold_cache"}')).toBe(1);
    expect((await ended(6)).map(({ predictedTokens }) => predictedTokens)).toEqual([0, 1000, 1000, 1000, 1000, 1000]);
    expect(await metric(url, 'warmroute_predicted_cached_tokens_total{replica="a"}')).toBe(5000);
    expect(await metric(url, 'warmroute_reported_cached_tokens_total{replica="a"}')).toBe(2700);
    expect(await metric(url, "warmroute_hit_delivered_chars_total")).toBe(Math.round(PROMPT.prompt.length * 2.7));
  });

  test("is left alone where it says nothing of its cache", async () => {
    const replica = await serve(() => Response.json({ usage: { prompt_tokens: 1000, completion_tokens: 1 } }));
    const { url, router } = await startGateway([replica], { coldCache: { predictedTokens: 1, times: 1 } });
    for (let i = 0; i < 4; i++) await (await post(`${url}/v1/completions`, PROMPT)).text();
    expect(router.tree!.stats().chars).toBe(PROMPT.prompt.length);
  });
});

test("a replica that asks to be left alone for a while is chosen only where no other is", async () => {
  let full = true;
  let seen = 0;
  const resting = await serve(() => {
    seen++;
    return full ? new Response("full", { status: 503, headers: { "retry-after": "5" } }) : new Response("rested");
  });
  const free = resolvers();
  let busy = false;
  const other = await serve(async () => {
    if (busy) await free.promise;
    return new Response("other");
  });
  const time = manualTime();
  const { url, router } = await startGateway([resting, other], time.options, {
    ...time.options,
    policy: "round_robin",
  });
  for (let i = 0; i < 6; i++) expect(await (await post(`${url}/v1/completions`, PROMPT)).text()).toBe("other");
  expect(seen).toBe(1);
  full = false;
  router.updateReplicas([{ id: "a", url: resting }]);
  expect(await (await post(`${url}/v1/completions`, PROMPT)).text()).toBe("rested");
  busy = false;
});
