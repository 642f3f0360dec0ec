// What users of other gateways complain about, where it could happen here: each test bears the number of the complaint.
import { expect, test } from "vitest";
import { createGateway } from "../../src/gateway/index.js";
import { Router } from "../../src/routing/index.js";
import { manualTime, metric, post, resolvers, serve, serveMortal, startGateway, until } from "./support.js";

const fine = () => new Response("{}");
const EVENTS = { "content-type": "text/event-stream" };

test.each([
  { messages: [{ role: "user", content: [] }] },
  { messages: [{ role: "user", content: 7 }] },
  { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] }] },
  { messages: [{}] },
])("ray#64573, ray#64326, ray#55588: a body without a text is routed by load, and does not hang (%#)", async (body) => {
  const { url, ended } = await startGateway([await serve(fine), await serve(fine)]);
  for (let i = 0; i < 3; i++) expect((await post(`${url}/v1/chat/completions`, body)).status).toBe(200);
  expect((await ended(3)).every(({ outcome }) => outcome === "completed")).toBe(true);
});

test("ray#66489: every request that is sent is recorded in the tree", async () => {
  const { url, router } = await startGateway([await serve(fine), await serve(fine)]);
  for (let i = 0; i < 10; i++) await post(`${url}/v1/completions`, { prompt: `${i}${i}${i} entirely different` });
  expect(router.tree!.stats().chars).toBeGreaterThan(100);
});

test("vllm-project/router#215, sglang-omni#931: clients that leave, at whatever moment, leave no count behind", async () => {
  const held = new Set<() => void>();
  const replica = await serve(async (request) => {
    const { prompt } = (await request.json()) as { prompt: string };
    if (prompt === "silent") await new Promise<void>((resolve) => held.add(resolve));
    return new Response(new ReadableStream({ pull: (to) => to.enqueue(new TextEncoder().encode("data: 1\n\n")) }), {
      headers: EVENTS,
    });
  });
  const { url, router, ended } = await startGateway([replica]);
  for (let i = 0; i < 12; i++) {
    const client = new AbortController();
    const answer = post(`${url}/v1/completions`, { prompt: i % 2 ? "silent" : "streaming" }, { signal: client.signal });
    if (i % 2) {
      await until(() => held.size === (i + 1) / 2);
    } else {
      const response = await answer;
      await response.body!.getReader().read();
    }
    client.abort();
    await answer.catch(() => {});
  }
  const records = await ended(12);
  expect(records.every(({ outcome }) => outcome === "client_left")).toBe(true);
  expect(router.leases).toBe(0);
  for (const resolve of held) resolve();
});

test("sglang#9484, sglang#27547: a stream counts from the choice to its last byte, not to its first", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const { url, router, ended } = await startGateway([await serve(() => new Response(readable, { headers: EVENTS }))]);
  const answer = post(`${url}/v1/completions`, { prompt: "p", stream: true });
  await until(() => router.replicas[0]!.queueLength === 1);
  void writer.write(new TextEncoder().encode("data: 1\n\n"));
  const reader = (await answer).body!.getReader();
  await reader.read();
  expect(router.replicas[0]!.queueLength).toBe(1);
  void writer.close();
  while (!(await reader.read()).done);
  await ended(1);
  expect(router.replicas[0]!.queueLength).toBe(0);
});

test("sglang#40391: a stream that has gone silent does not hold its place for ever", async () => {
  const replica = await serve(
    () =>
      new Response(new ReadableStream({ start: (to) => to.enqueue(new TextEncoder().encode("data: 1\n\n")) }), {
        headers: EVENTS,
      }),
  );
  const time = manualTime();
  const { url, router, ended } = await startGateway([replica], time.options, time.options);
  const response = await post(`${url}/v1/completions`, { prompt: "p", stream: true });
  const reader = response.body!.getReader();
  await reader.read();
  time.advance(59_000);
  expect(router.leases).toBe(1);
  time.advance(1_000);
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toContain('"code":"replica_stalled"');
  expect(await ended(1)).toMatchObject([{ outcome: "replica_stalled" }]);
  expect(router.leases).toBe(0);
});

test("sglang#26842, vllm-project/router#279, ray#60359: a replica that was removed gets nothing more, nor has it a part in the tree", async () => {
  let seen = 0;
  const old = await serve(() => {
    seen++;
    return fine();
  });
  const { url, router } = await startGateway([old, await serve(fine)]);
  for (let i = 0; i < 6; i++) await post(`${url}/v1/completions`, { prompt: `${i}${i}${i} a prompt of its own` });
  expect(seen).toBeGreaterThan(0);
  const before = seen;
  router.updateReplicas(router.replicas.slice(1).map(({ id, url }) => ({ id, url: url! })));
  for (let i = 0; i < 6; i++) await post(`${url}/v1/completions`, { prompt: `${i}${i}${i} a prompt of its own` });
  expect(seen).toBe(before);
  expect([...router.tree!.tenantToCharCount.keys()]).toEqual(["b"]);
  expect(await (await fetch(`${url}/metrics`)).text()).not.toContain('replica="a"');
});

test("sglang#10827: /v1/models is not asked of a replica that is left alone", async () => {
  const mortal = await serveMortal(fine);
  const listing = await serve((request) =>
    request.url.endsWith("/v1/models") ? Response.json({ data: [{ id: "m" }] }) : fine(),
  );
  const { url } = await startGateway([mortal.url, listing], { breaker: { failures: 1 } }, { policy: "round_robin" });
  await mortal.kill();
  for (let i = 0; i < 2; i++) await post(`${url}/v1/completions`, { prompt: "p" });
  expect(await (await fetch(`${url}/v1/models`)).json()).toMatchObject({ data: [{ id: "m" }] });
});

test("smg#2420: requests with another cache_salt share no match", async () => {
  const { url, ended } = await startGateway([await serve(fine)]);
  const prompt = "The same text for everybody. ".repeat(10);
  for (const cache_salt of ["one", "two", "one"]) await post(`${url}/v1/completions`, { prompt, cache_salt });
  expect((await ended(3)).map(({ matchRate }) => matchRate)).toEqual([0, 0, 1]);
});

test("vllm-project/router#237, production-stack#1037: prompts of token ids are matched by the ids, not by their number", async () => {
  const { url, ended } = await startGateway([await serve(fine)]);
  for (const prompt of [
    [1, 2, 3, 4],
    [9, 8, 7, 6],
    [1, 2, 3, 5],
  ])
    await post(`${url}/v1/completions`, { prompt });
  expect((await ended(3)).map(({ matchRate }) => matchRate)).toEqual([0, 0, 0.75]);
});

test("sglang#28509, sglang#39326, llm-d#2896: what was available, chosen and delivered is counted apart", async () => {
  const text = "A prompt that is long enough to be worth it. ".repeat(5);
  const usage = { prompt_tokens: 100, prompt_tokens_details: { cached_tokens: 50 } };
  const { url } = await startGateway([await serve(() => Response.json({ usage }))]);
  for (let i = 0; i < 2; i++) await (await post(`${url}/v1/completions`, { prompt: text })).text();
  const series = async (name: string) => metric(url, `warmroute_${name}_chars_total`);
  expect([await series("text"), await series("hit_available"), await series("hit_chosen")]).toEqual([
    2 * text.length,
    text.length,
    text.length,
  ]);
  expect(await series("hit_delivered")).toBe(Math.round(text.length / 2) * 2);
});

test("smg#2137, sglang#16734, production-stack#687, dynamo#11678: memory of the tree is bounded for all replicas together, and shown in bytes", async () => {
  const { url } = await startGateway([await serve(fine), await serve(fine)], {}, { maxBytes: 262_144 });
  for (let i = 0; i < 40; i++) await post(`${url}/v1/completions`, { prompt: `${i} `.repeat(5000) });
  expect(await metric(url, "warmroute_tree_bytes")).toBeLessThanOrEqual(262_144);
  expect(await metric(url, "warmroute_tree_max_bytes")).toBe(262_144);
  expect(await metric(url, 'warmroute_tree_evictions_total{cause="pressure"}')).toBeGreaterThan(0);
});

test("a dead replica is not the idlest one: where it reports nothing any more it is not preferred", async () => {
  let nowS = 0;
  const router = new Router({
    policy: "least_requests",
    replicas: [
      { id: "a", url: "http://a" },
      { id: "b", url: "http://b" },
    ],
    clock: () => nowS,
  });
  const sent: string[] = [];
  const gateway = createGateway({
    router,
    upstreamFetch: async (input) => {
      sent.push(new URL(String(input)).hostname);
      return fine();
    },
  });
  router.setLoad("a", { running: 5, waiting: 5 });
  nowS = 100;
  router.setLoad("b", { running: 4, waiting: 0 });
  await gateway.fetch(new Request("http://g/v1/completions", { method: "POST", body: '{"prompt":"p"}' }));
  expect(sent).toEqual(["b"]);
});

test("abort: the replica's request is aborted in the same turn of the event loop in which the client's leaving is known", async () => {
  const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a", url: "http://a" }] });
  const sent = resolvers<AbortSignal>();
  const gateway = createGateway({
    router,
    upstreamFetch: (_, init) => {
      sent.resolve(init!.signal!);
      return new Promise(() => {});
    },
  });
  const client = new AbortController();
  const answer = gateway.fetch(
    new Request("http://g/v1/completions", { method: "POST", body: '{"prompt":"p"}', signal: client.signal }),
  );
  const upstream = await sent.promise;
  client.abort();
  expect([upstream.aborted, router.leases]).toEqual([true, 0]);
  expect((await answer).status).toBe(499);
});
