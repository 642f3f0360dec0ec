import { describe, expect, test } from "vitest";
import type { SimulatedReplica } from "../../../src/simulator/index.js";
import { JumpingClock, ManualClock } from "../clocks.js";
import { complete, post, startReplica, tokens } from "../support.js";

const health = (replica: SimulatedReplica) => replica.fetch(new Request("http://replica/health"));
const ask = (replica: SimulatedReplica, more: object = {}, init: RequestInit = {}) =>
  replica.fetch(post("/v1/completions", { prompt: tokens(40), max_tokens: 8, ...more }, init));

/** What a stream gives before it ends or breaks, as events, and how it ends. */
async function read(response: Response): Promise<{ events: number; error: unknown }> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
  } catch (error) {
    return { events: text.split("data: ").length - 1, error };
  }
  return { events: text.split("data: ").length - 1, error: null };
}

describe("refuse", () => {
  test("closes connections, as fetch tells it", async () => {
    const replica = startReplica();
    const end = replica.inject({ kind: "refuse" });
    await expect(health(replica)).rejects.toThrow(TypeError);
    await expect(ask(replica)).rejects.toThrow("the replica refuses connections");
    end();
    expect((await ask(replica)).status).toBe(200);
  });

  test("concerns the paths that it names, and so many requests", async () => {
    const replica = startReplica();
    replica.inject({ kind: "refuse", paths: ["/v1/completions"], requests: 2 });
    expect((await health(replica)).status).toBe(200);
    await expect(ask(replica)).rejects.toThrow();
    await expect(ask(replica)).rejects.toThrow();
    expect((await ask(replica)).status).toBe(200);
  });
});

describe("status", () => {
  test("answers 503, or what it is told to", async () => {
    const replica = startReplica();
    const end = replica.inject({ kind: "status" });
    const refused = await ask(replica);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    end();
    replica.inject({ kind: "status", status: 429, message: "slow down" });
    const limited = await ask(replica);
    expect([limited.status, await limited.json()]).toMatchObject([429, { error: { message: "slow down" } }]);
    expect(replica.stats.promptTokens).toBe(0);
  });
});

test("a share meets so many of the requests, the same ones each time", async () => {
  const statuses = async () => {
    const replica = startReplica();
    replica.inject({ kind: "status", share: 0.25 });
    const all = [];
    for (let i = 0; i < 400; i++) all.push((await health(replica)).status);
    return all;
  };
  const first = await statuses();
  const refused = first.filter((status) => status === 503).length;
  expect(refused).toBeGreaterThan(70);
  expect(refused).toBeLessThan(130);
  expect(await statuses()).toEqual(first);
});

describe("hang", () => {
  test("holds requests until it is over, and answers them then", async () => {
    const replica = startReplica();
    const end = replica.inject({ kind: "hang" });
    const answers = [ask(replica), health(replica)];
    const first = await Promise.race([
      ...answers,
      complete(startReplica(), { prompt: tokens(5000) }).then(() => "other"),
    ]);
    expect([first, replica.stats.promptTokens]).toEqual(["other", 0]);
    end();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test("lets go of a client that leaves", async () => {
    const replica = startReplica();
    replica.inject({ kind: "hang" });
    const leaving = new AbortController();
    const answer = ask(replica, {}, { signal: leaving.signal }).then(
      ({ status }) => status,
      () => "rejected",
    );
    leaving.abort();
    expect(await answer).not.toBe(200);
    expect(replica.stats).toMatchObject({ ongoing: 0, promptTokens: 0 });
  });

  test("holds no more than so many, and those until its time is over", async () => {
    const clock = new ManualClock();
    const replica = startReplica({ clock });
    replica.inject({ kind: "hang", requests: 1, forMs: 500 });
    const held = health(replica);
    expect((await health(replica)).status).toBe(200);
    clock.advance(500);
    expect((await held).status).toBe(200);
  });
});

test("slow makes all take so many times longer", async () => {
  const time = async (factor: number | null) => {
    const clock = new JumpingClock();
    const replica = startReplica({ clock });
    if (factor !== null) replica.inject({ kind: "slow", factor });
    await complete(replica, { prompt: tokens(1601), max_tokens: 3 });
    return clock.now();
  };
  expect((await time(5)) / (await time(null))).toBeCloseTo(5, 1);
});

describe("cut", () => {
  test("breaks a stream after so many tokens, all of which have come, and frees its blocks", async () => {
    const replica = startReplica();
    replica.inject({ kind: "cut", afterTokens: 5, requests: 1 });
    const { events, error } = await read(await ask(replica, { stream: true }));
    expect([events, error]).toEqual([5, expect.any(TypeError)]);
    expect(replica.stats).toMatchObject({ ongoing: 0, running: 0, usedBlocks: 0 });
    expect(await read(await ask(replica, { stream: true }))).toEqual({ events: 9, error: null });
  });

  test("keeps a whole answer from coming", async () => {
    const replica = startReplica();
    replica.inject({ kind: "cut" });
    await expect(ask(replica)).rejects.toThrow("the answer was cut");
    replica.inject({ kind: "cut", afterTokens: 0 });
    await expect(ask(replica)).rejects.toThrow(TypeError);
  });

  test("leaves answers alone that are shorter", async () => {
    const replica = startReplica();
    replica.inject({ kind: "cut", afterTokens: 8 });
    expect(await read(await ask(replica, { stream: true }))).toEqual({ events: 9, error: null });
  });
});

describe("restart", () => {
  test("cuts what is under way; cache and metrics are empty", async () => {
    const replica = startReplica();
    await complete(replica, { prompt: tokens(64), max_tokens: 1 });
    const stream = await ask(replica, { stream: true, max_tokens: 30_000, ignore_eos: true });
    const rest = read(stream);
    const whole = ask(replica, { max_tokens: 30_000, ignore_eos: true });
    // Once both are in the engine.
    while (replica.stats.running < 2) await new Promise((resolve) => setImmediate(resolve));
    replica.inject({ kind: "restart" });
    expect((await rest).error).toBeInstanceOf(TypeError);
    await expect(whole).rejects.toThrow("the replica restarts");
    expect(replica.stats).toMatchObject({ ongoing: 0, promptTokens: 0, usedBlocks: 0 });
    const { usage } = await complete(replica, { prompt: tokens(64), max_tokens: 1 });
    expect(usage!.prompt_tokens_details!.cached_tokens).toBe(0);
    const metrics = await (await replica.fetch(new Request("http://replica/metrics"))).text();
    expect(metrics).toMatch(/^vllm:prompt_tokens_total\{.*\} 64$/m);
  });

  test("refuses connections for as long as it takes", async () => {
    const clock = new ManualClock();
    const replica = startReplica({ clock, faults: [{ kind: "restart", atMs: 1000, forMs: 3000 }] });
    clock.advance(999);
    expect((await health(replica)).status).toBe(200);
    clock.advance(1);
    await expect(health(replica)).rejects.toThrow(TypeError);
    clock.advance(3000);
    expect((await health(replica)).status).toBe(200);
  });

  test("does not happen to one that is closed, and leaves no timer", () => {
    const clock = new ManualClock();
    const replica = startReplica({ clock, faults: [{ kind: "restart", atMs: 1000, forMs: 3000 }] });
    replica.close();
    expect(clock.timers).toBe(0);
    expect(() => replica.inject({ kind: "hang" })).toThrow("the replica is closed");
  });
});

test("load makes metrics tell what is not so; stats do not", async () => {
  const replica = startReplica();
  const end = replica.inject({ kind: "load", running: 200, cacheUsage: 0.99 });
  const scraped = async () => {
    const text = await (await replica.fetch(new Request("http://replica/metrics"))).text();
    return ["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"].map((name) =>
      Number(new RegExp(`^vllm:${name}\\{.*\\} (.*)$`, "m").exec(text)![1]),
    );
  };
  expect(await scraped()).toEqual([200, 0, 0.99]);
  expect(replica.stats).toMatchObject({ running: 0, usedBlocks: 0 });
  end();
  expect(await scraped()).toEqual([0, 0, 0]);
});
