// What users of other gateways complain about, where it could happen here: who is sent what. Each test bears the number of the complaint.
import { expect, test } from "vitest";
import { createGateway } from "../../src/gateway/index.js";
import { type PolicyName, Router } from "../../src/routing/index.js";
import { PrefixTree } from "../../src/tree/index.js";
import { manualTime, metric, post, serve, serveMortal, sha256, startGateway, until } from "./support.js";

const fine = () => new Response("{}");
/** Texts that begin differently, long enough to be worth a match. */
const text = (of: number | string) => `${of}${of}${of}: ${"something of its own, and so on ".repeat(10)}`;

/** Replicas that answer when they are told to, and how many requests each has. */
async function silent(count: number) {
  const open: (() => void)[] = [];
  const waiting = new Array<number>(count).fill(0);
  const urls = await Promise.all(
    waiting.map((_, i) =>
      serve(async () => {
        waiting[i]!++;
        await new Promise<void>((resolve) => open.push(resolve));
        return fine();
      }),
    ),
  );
  const answer = () => {
    for (const resolve of open.splice(0)) resolve();
  };
  return { urls, waiting, answer, arrived: (total: number) => until(() => open.length === total) };
}

test.each<PolicyName>(["prefix_aware", "cache_aware", "kv_cost", "prefix_blocks", "least_requests", "session"])(
  "ray#64224, sglang#32983, edutelligence#838: what nothing tells apart does not all go to the first replica, one at a time (%s)",
  async (policy) => {
    const { url, ended } = await startGateway(
      [await serve(fine), await serve(fine), await serve(fine)],
      {},
      { policy },
    );
    for (let i = 0; i < 30; i++) await post(`${url}/v1/completions`, { prompt: text(i) });
    for (let i = 0; i < 30; i++) await post(`${url}/v1/completions`, { prompt: "" });
    const records = await ended(60);
    for (const half of [records.slice(0, 30), records.slice(30)]) {
      expect(new Set(half.map(({ replica }) => replica)).size).toBe(3);
    }
  },
);

test("ray#58835: models whose replicas have the same ids have trees of their own", async () => {
  const told: (number | null)[] = [];
  const routers = ["small", "large"].map(() => new Router({ policy: "prefix_aware", replicas: [] }));
  for (const router of routers) router.updateReplicas([{ id: "replica-1", url: await serve(fine) }]);
  const gateway = createGateway({
    models: { small: routers[0]!, large: routers[1]! },
    onRequestEnd: ({ matchRate }) => told.push(matchRate),
  });
  const url = await serve((request) => gateway.fetch(request));
  for (const model of ["small", "large", "small"]) await post(`${url}/v1/completions`, { model, prompt: text(1) });
  expect(told).toEqual([0, 0, 1]);
  routers[0]!.updateReplicas([]);
  expect(routers[1]!.tree!.stats().chars).toBe(text(1).length);
});

test("ray#66361: a replica that is added and does not answer its checks stalls nobody", async () => {
  const token = { adminTokenSha256: await sha256("token"), health: { intervalMs: 1, unhealthyAfter: 1_000_000 } };
  const mute = await serve((request) => (request.url.endsWith("/health") ? new Promise<Response>(() => {}) : fine()));
  const { url, gateway, ended } = await startGateway([await serve(fine)], token);
  const headers = { authorization: "Bearer token" };
  expect((await post(`${url}/admin/replicas`, { id: "new", url: mute }, { headers })).status).toBe(201);
  for (let i = 0; i < 20; i++) expect((await post(`${url}/v1/completions`, { prompt: text(i) })).status).toBe(200);
  expect(new Set((await ended(20)).map(({ replica }) => replica))).toEqual(new Set(["a", "new"]));
  gateway.close();
});

test.each<PolicyName>(["prefix_aware", "cache_aware", "kv_cost", "prefix_blocks", "pow_of_2", "least_requests"])(
  "vllm-project/router#177, dynamo#589, ray#62323: a burst is spread by what is under way, though all reports are of before it (%s)",
  async (policy) => {
    const { urls, waiting, answer, arrived } = await silent(3);
    const routing = { policy, ...(policy === "prefix_aware" && { imbalancedThreshold: 1 }) };
    const { url, router } = await startGateway(urls, {}, routing);
    for (const { id } of router.replicas) router.setLoad(id, { running: 0, waiting: 0, kvUsage: 0 });
    const answers = Array.from({ length: 24 }, (_, i) => post(`${url}/v1/completions`, { prompt: text(i) }));
    await arrived(24);
    expect(Math.max(...waiting)).toBeLessThanOrEqual(14);
    expect(Math.min(...waiting)).toBeGreaterThanOrEqual(3);
    answer();
    for (const each of answers) expect((await each).status).toBe(200);
  },
);

test("sglang#15473, ray#61755: requests of every endpoint count as load, and as none once they have ended", async () => {
  const { urls, waiting, answer, arrived } = await silent(2);
  const { url, router } = await startGateway(urls);
  const bodies: [path: string, body: object][] = [
    ["/v1/embeddings", { input: "x" }],
    ["/v1/rerank", { query: "x", documents: ["y"] }],
    ["/tokenize", { prompt: "x" }],
    ["/detokenize", { tokens: [1] }],
  ];
  const answers: Promise<Response>[] = [];
  for (const [path, body] of [...bodies, ...bodies]) {
    answers.push(post(`${url}${path}`, body));
    await arrived(answers.length);
  }
  expect(waiting).toEqual([4, 4]);
  expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([4, 4]);
  answer();
  for (const each of answers) await (await each).text();
  await until(() => router.leases === 0);
});

test.each<[policy: PolicyName, options: object]>([
  ["prefix_aware", { matchRateThreshold: 0.5 }],
  ["cache_aware", {}],
  ["kv_cost", {}],
  ["prefix_blocks", {}],
])(
  "production-stack#957, sglang#21199, sglang#6164: a system prompt that all share does not gather all on one replica (%s)",
  async (policy, options) => {
    const { urls, waiting, answer, arrived } = await silent(3);
    const { url } = await startGateway(urls, {}, { policy, ...options });
    // 26 % of each text is everybody's.
    const system = "You are a helpful assistant. ".repeat(4);
    const answers: Promise<Response>[] = [];
    for (let i = 0; i < 18; i++) {
      const own = `${i} ${"asks for something of its own, "}`.repeat(10);
      const messages = [
        { role: "system", content: system },
        { role: "user", content: own },
      ];
      answers.push(post(`${url}/v1/chat/completions`, { messages }));
      await arrived(answers.length);
    }
    expect(Math.max(...waiting)).toBeLessThan(12);
    expect(Math.min(...waiting)).toBeGreaterThan(0);
    answer();
    await Promise.all(answers);
  },
);

test("production-stack#990: a match that is too short to count is recorded all the same", async () => {
  const replicas = [await serve(fine), await serve(fine)];
  const { url, ended } = await startGateway(replicas, {}, { policy: "prefix_aware", matchRateThreshold: 0.9 });
  for (const prompt of [text(1), `${text(1)}${text(2)}`, `${text(1)}${text(2)}`]) {
    await post(`${url}/v1/completions`, { prompt });
  }
  const [, , third] = await ended(3);
  expect(third).toMatchObject({ reason: "prefix_match", matchRate: 1 });
});

test("ray#65691, ray#48741: a hot adapter is not pinned to the replica that had it first", async () => {
  const { urls, waiting, answer, arrived } = await silent(2);
  const { url } = await startGateway(urls, {}, { policy: "prefix_aware", maxOngoingRequests: 2, spill: "per-replica" });
  const answers: Promise<Response>[] = [];
  for (let i = 0; i < 4; i++) {
    answers.push(post(`${url}/v1/completions`, { model: "base", lora_path: "hot", prompt: text(1) }));
    await arrived(answers.length);
  }
  expect(waiting).toEqual([2, 2]);
  answer();
  await Promise.all(answers);
});

test("smg#2420, ray#63934: what an adapter has cached is no match for another, nor for the model without one", async () => {
  const { url, ended } = await startGateway([await serve(fine)]);
  for (const more of [{ lora_path: "one" }, { lora_path: "two" }, {}, { model: "one" }, { lora_path: "one" }]) {
    await post(`${url}/v1/completions`, { model: "base", prompt: text(1), ...more });
  }
  expect((await ended(5)).map(({ matchRate }) => matchRate)).toEqual([0, 0, 0, 0, 1]);
});

test("vllm-project/router#238, smg#2161, sglang#32195: one hot replica costs only its own prefix its affinity, and the hits given up are counted (confidential-model-router#444)", async () => {
  const { urls, waiting, answer, arrived } = await silent(3);
  const routing = { policy: "cache_aware" as const, balanceAbsThreshold: 2, balanceRelThreshold: 1 };
  const { url, router, ended } = await startGateway(urls, {}, routing);
  router.tree!.insert(text("hot"), "a");
  router.tree!.insert(text("calm"), "b");
  const answers: Promise<Response>[] = [];
  const ask = async (prompt: string) => {
    answers.push(post(`${url}/v1/completions`, { prompt }));
    await arrived(answers.length);
  };
  for (let i = 0; i < 4; i++) await ask(text("hot"));
  expect(waiting).toEqual([4, 0, 0]);
  await ask(text("calm"));
  expect(waiting).toEqual([4, 1, 0]);
  await ask(text("hot"));
  expect(waiting).toEqual([4, 1, 1]);
  answer();
  for (const each of answers) await (await each).text();
  expect((await ended(6)).filter(({ reason }) => reason === "spill")).toMatchObject([{ replica: "c" }]);
  const hits = async (which: string) => (await metric(url, `warmroute_hit_${which}_chars_total`))!;
  expect((await hits("available")) - (await hits("chosen"))).toBe(text("hot").length);
});

test("Relax#147: samples of the same few prompts, all at once, do not crowd one replica", async () => {
  const { urls, waiting, answer, arrived } = await silent(4);
  const { url } = await startGateway(urls, {}, { policy: "prefix_aware", imbalancedThreshold: 4 });
  const answers = Array.from({ length: 64 }, (_, i) => post(`${url}/v1/completions`, { prompt: text(i % 8) }));
  await arrived(64);
  expect(Math.max(...waiting) - Math.min(...waiting)).toBeLessThanOrEqual(8);
  answer();
  await Promise.all(answers);
});

test.each<[path: string, body: (turns: string[]) => object]>([
  ["/v1/completions", (turns) => ({ prompt: turns.join("") })],
  ["/v1/chat/completions", (turns) => ({ messages: turns.map((content) => ({ role: "user", content })) })],
  ["/v1/messages", (turns) => ({ system: "Be kind.", messages: turns.map((content) => ({ role: "user", content })) })],
  ["/v1/responses", (turns) => ({ input: turns.map((content) => ({ role: "user", content })) })],
])(
  "sglang#26263, sglang#24545: all of a conversation is matched, not its first message only (%s)",
  async (path, body) => {
    const { url, ended } = await startGateway([await serve(fine), await serve(fine)], {}, { policy: "prefix_aware" });
    const first = text("same");
    for (const turns of [
      [first, text(1)],
      [first, text(2)],
      [first, text(1), text(3)],
      [first, text(2)],
    ]) {
      await post(`${url}${path}`, body(turns));
    }
    const [one, other, longer, again] = await ended(4);
    expect(one!.matchRate).toBe(0);
    expect(other!.matchRate).toBeLessThan(0.6);
    expect(longer!.matchRate).toBeGreaterThan(0.6);
    expect(again!.matchRate).toBe(1);
    expect(again!.replica).toBe(other!.replica);
  },
);

test("smg#2213: what replicas have forgotten by age is not taken for warm", async () => {
  const time = manualTime();
  const routing = { policy: "prefix_aware" as const, ttlSecs: 60, ...time.options };
  const { url, ended } = await startGateway([await serve(fine)], time.options, routing);
  for (const seconds of [0, 59, 61]) {
    time.advance(seconds * 1000);
    await post(`${url}/v1/completions`, { prompt: text(1) });
  }
  expect((await ended(3)).map(({ matchRate }) => matchRate)).toEqual([0, 1, 0]);
});

test("sglang#12606, kthena#924, ray#62906: a session stays on its replica, moves when that is gone, and stays there", async () => {
  const mortals = [await serveMortal(fine), await serveMortal(fine), await serveMortal(fine)];
  const { url, ended } = await startGateway(
    mortals.map((mortal) => mortal.url),
    { breaker: { failures: 1 } },
    { policy: "session" },
  );
  const ask = async (times: number) => {
    const before = (await ended(0)).length;
    for (let i = 0; i < times; i++) {
      const headers = { "x-session-id": "me" };
      expect((await post(`${url}/v1/completions`, { prompt: text(i) }, { headers })).status).toBe(200);
    }
    const names = (await ended(before + times)).slice(before).map(({ replica }) => replica!);
    expect(new Set(names).size).toBe(1);
    return names[0]!;
  };
  const home = await ask(4);
  const mortal = mortals["abc".indexOf(home)]!;
  await mortal.kill();
  const next = await ask(4);
  expect(next).not.toBe(home);
  await mortal.revive();
  expect(await ask(4)).toBe(next);
});

test("smg#1578, sglang#39750, aibrix#917: a gateway that begins anew is warm by a sibling's snapshot", async () => {
  const options = { adminTokenSha256: await sha256("token") };
  const headers = { authorization: "Bearer token" };
  const replicas = [await serve(fine), await serve(fine), await serve(fine)];
  const old = await startGateway(replicas, options);
  const fresh = await startGateway(replicas, options, { seed: 5 });
  for (let i = 0; i < 6; i++) await post(`${old.url}/v1/completions`, { prompt: text(i) });
  const bytes = await (await fetch(`${old.url}/admin/snapshot`, { headers })).arrayBuffer();
  expect((await fetch(`${fresh.url}/admin/snapshot`, { method: "PUT", headers, body: bytes })).status).toBe(200);
  for (let i = 0; i < 6; i++) await post(`${fresh.url}/v1/completions`, { prompt: text(i) });
  const homes = (await old.ended(6)).map(({ replica }) => replica);
  expect(await fresh.ended(6)).toMatchObject(
    homes.map((replica) => ({ replica, reason: "prefix_match", matchRate: 1 })),
  );
});

test("smg#1578: what a snapshot has brought of a replica is forgotten when that is dead, though nothing was sent to it from here", async () => {
  const mortal = await serveMortal(fine);
  const sibling = new PrefixTree();
  sibling.addTenants(["a", "b"]);
  sibling.insert(text(1), "a");
  const tree = PrefixTree.restore(sibling.snapshot());
  const { url, ended } = await startGateway([mortal.url, await serve(fine)], { breaker: { failures: 2 } }, { tree });
  await mortal.kill();
  await post(`${url}/v1/completions`, { prompt: text(1) });
  expect(await ended(1)).toMatchObject([{ outcome: "completed", replica: "b", tries: 2 }]);
  expect(tree.tenantToCharCount.get("a")).toBe(0);
});

test("sglang#11766: an answer that is cut inside of a character passes as it is, and its usage is read", async () => {
  const answer = JSON.stringify({
    choices: [{ text: "naïve 日本 😀".repeat(20) }],
    usage: { prompt_tokens: 7, completion_tokens: 3 },
  });
  const bytes = new TextEncoder().encode(answer);
  const replica = await serve(
    () =>
      new Response(
        new ReadableStream({
          start(to) {
            for (let at = 0; at < bytes.length; at++) to.enqueue(bytes.slice(at, at + 1));
            to.close();
          },
        }),
      ),
  );
  const { url, ended } = await startGateway([replica]);
  expect(await (await post(`${url}/v1/completions`, { prompt: "日本 😀 \ud83d" })).text()).toBe(answer);
  expect(await ended(1)).toMatchObject([{ promptTokens: 7, completionTokens: 3, bytesOut: bytes.length }]);
});

test("llm-d#1109, sglang#28756: a prompt of a million characters is matched as any other", async () => {
  const { url, ended } = await startGateway([await serve(fine), await serve(fine)]);
  const long = Array.from({ length: 100_000 }, (_, i) => `${i} words, `)
    .join("")
    .slice(0, 1_000_000);
  for (const prompt of [long, `${long} and more`]) await post(`${url}/v1/completions`, { prompt });
  const [first, second] = await ended(2);
  expect(second).toMatchObject({ replica: first!.replica, reason: "prefix_match" });
  expect(second!.matchRate).toBeGreaterThan(0.99);
});
