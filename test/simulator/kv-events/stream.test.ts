import { describe, expect, test } from "vitest";
import { type SimulatedReplica, startReplica as startListening } from "../../../src/simulator/index.js";
import type { BlockStored } from "../../../src/simulator/kv-events/event.js";
import { JumpingClock } from "../clocks.js";
import { complete, L4, post, startReplica, tokens } from "../support.js";
import { batches, frames, Mirror, parse } from "./support.js";

const get = (replica: SimulatedReplica, query = "", headers: Record<string, string> = {}) =>
  replica.fetch(new Request(`http://replica/kv_events${query}`, { headers }));

/** All that has been told so far. */
async function past(replica: SimulatedReplica, from = 0) {
  return batches(await (await get(replica, `?from=${from}&live=false`)).text());
}

describe("/kv_events", () => {
  test("tells of each step what the cache has stored", async () => {
    const clock = new JumpingClock(1_700_000_000_000);
    const replica = startReplica({ kvEvents: true, clock });
    await complete(replica, { prompt: tokens(40), max_tokens: 10 });
    const told = await past(replica);
    expect(told.map(({ seq }) => seq)).toEqual([0, 1]);
    const [prompt, answer] = told.map(({ events }) => events[0] as BlockStored);
    expect(told[0]).toMatchObject({ data_parallel_rank: 0, events: [{ type: "BlockStored" }] });
    expect(told[0]!.ts).toBeGreaterThan(1_700_000_000);
    expect(prompt).toEqual({
      type: "BlockStored",
      block_hashes: [expect.any(Number), expect.any(Number)],
      parent_block_hash: null,
      token_ids: tokens(40).slice(0, 32),
      block_size: 16,
      lora_id: null,
      medium: "GPU",
      lora_name: null,
      extra_keys: [null, null],
    });
    expect(answer).toMatchObject({ parent_block_hash: prompt!.block_hashes[1], block_hashes: [expect.any(Number)] });
    expect(answer!.token_ids.slice(0, 8)).toEqual(tokens(40).slice(32));
  });

  test("names what else goes into a block's hash: its adapter, and at the beginning its salt", async () => {
    const replica = startReplica({ kvEvents: true, loras: ["a", "b"] });
    await complete(replica, { model: "b", prompt: tokens(33), cache_salt: "pepper", max_tokens: 1 });
    expect((await past(replica))[0]!.events).toMatchObject([
      { lora_id: 2, lora_name: "b", extra_keys: [["b", "pepper"], ["b"]] },
    ]);
  });

  test("streams what comes, without what was before", async () => {
    const replica = startReplica({ kvEvents: true });
    await complete(replica, { prompt: tokens(20, 1) });
    const response = await get(replica);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const reader = response.body!.getReader();
    const first = reader.read();
    await complete(replica, { prompt: tokens(20, 2) });
    const [event] = parse(new TextDecoder().decode((await first).value));
    expect(event).toMatchObject({ id: "2", event: "message" }); // the answer filled a block too
    expect(JSON.parse(event!.data).events[0].token_ids).toEqual(tokens(16, 2));
    await reader.cancel();
  });

  test("replays from a number on, marks the end, and goes on", async () => {
    const replica = startReplica({ kvEvents: true });
    for (let i = 0; i < 4; i++) await complete(replica, { prompt: tokens(16, i), max_tokens: 1 });
    expect((await past(replica, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
    const reader = (await get(replica, "?from=3")).body!.getReader();
    const read = async () => parse(new TextDecoder().decode((await reader.read()).value))[0]!;
    expect((await read()).id).toBe("3");
    expect(await read()).toMatchObject({ event: "end", data: '{"seq":-1}' });
    const next = read();
    await complete(replica, { prompt: tokens(16, 9), max_tokens: 1 });
    expect((await next).id).toBe("4");
    await reader.cancel();
    const resumed = await get(replica, "?live=false", { "last-event-id": "3" });
    expect(batches(await resumed.text()).map(({ seq }) => seq)).toEqual([4]);
  });

  test("speaks MessagePack in both of vLLM's encodings, an end marker of −1 among them", async () => {
    const replica = startReplica({ kvEvents: true });
    await complete(replica, { prompt: tokens(32), max_tokens: 1 });
    const [{ ts, events } = { ts: 0, events: [] }] = await past(replica);
    const read = async (encoding: string) => {
      const response = await get(replica, `?format=msgpack&from=0&live=false${encoding}`);
      expect(response.headers.get("content-type")).toBe("application/vnd.msgpack");
      return frames(new Uint8Array(await response.arrayBuffer()));
    };
    const stored = events[0] as BlockStored;
    const positional = ["BlockStored", stored.block_hashes, null, tokens(32), 16, null, "GPU", null, [null, null]];
    const end = { seq: 0xffff_ffff_ffff_ffffn, payload: null };
    expect(await read("")).toEqual([{ seq: 0n, payload: [ts, [positional], 0] }, end]);
    expect(await read("&encoding=map")).toEqual([{ seq: 0n, payload: [ts, events, 0] }, end]);
  });

  test("is enough to know what the cache holds: evictions too", async () => {
    const replica = startReplica({ kvEvents: true, profile: { ...L4, blocks: 12 } });
    const mirror = new Mirror();
    for (let i = 0; i < 40; i++) await complete(replica, { prompt: tokens(50 + i, i % 5), max_tokens: 20 });
    for (const { events } of await past(replica)) mirror.apply(events);
    expect(mirror.copies.size).toBeGreaterThan(0);
    // Who asks for it finds it: the prefix that the mirror knows.
    for (let family = 0; family < 5; family++) {
      const stored = (await past(replica))
        .flatMap(({ events }) => events)
        .filter((event) => event.type === "BlockStored");
      const known = longestKnown(stored, mirror, tokens(64, family));
      const { usage } = await complete(replica, { prompt: tokens(64, family), max_tokens: 1 });
      expect(usage!.prompt_tokens_details!.cached_tokens).toBe(Math.min(48, known * 16));
      mirror.copies.clear();
      for (const { events } of await past(replica)) mirror.apply(events);
    }
  });

  test("tells that all was cleared with the next step; not while blocks are in use", async () => {
    const replica = startReplica({ kvEvents: true });
    const body = { prompt: tokens(32), max_tokens: 30_000, ignore_eos: true, stream: true };
    const stream = (await replica.fetch(post("/v1/completions", body))).body!.getReader();
    await stream.read();
    expect((await replica.fetch(post("/reset_prefix_cache", {}))).status).toBe(409);
    await stream.cancel();
    expect((await replica.fetch(post("/reset_prefix_cache", {}))).status).toBe(200);
    const from = (await past(replica)).length;
    const { usage } = await complete(replica, { prompt: tokens(32), max_tokens: 1 });
    expect(usage!.prompt_tokens_details!.cached_tokens).toBe(0);
    const told = (await past(replica, from)).flatMap(({ events }) => events.map(({ type }) => type));
    expect(told).toEqual(["AllBlocksCleared", "BlockStored"]);
  });

  test("begins again at 0 after a restart, which ends the streams", async () => {
    const replica = startReplica({ kvEvents: true });
    await complete(replica, { prompt: tokens(16, 1), max_tokens: 1 });
    const reader = (await get(replica)).body!.getReader();
    const next = reader.read();
    replica.inject({ kind: "restart" });
    expect((await next).done).toBe(true);
    expect(await past(replica)).toEqual([]);
    await complete(replica, { prompt: tokens(16, 2), max_tokens: 1 });
    expect((await past(replica)).map(({ seq }) => seq)).toEqual([0]);
  });

  test.each<[string, RegExp]>([
    ["?from=-1", /from must be a sequence number, 0 or more, not \\"-1\\"/],
    ["?from=", /not \\"\\"/],
    ["?format=xml", /format must be sse or msgpack, not \\"xml\\"/],
    ["?encoding=list", /encoding must be array or map/],
    ["?live=no", /live must be true or false/],
  ])("refuses %s", async (query, message) => {
    const response = await get(startReplica({ kvEvents: true }), query);
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(message)]);
  });

  test("over ZeroMQ take a package that is not here: it says what to install", async () => {
    await expect(startListening({ zeromq: {} })).rejects.toThrow("take the package zeromq: npm install zeromq");
  });

  test("is not there unless it was asked for", async () => {
    const response = await get(startReplica());
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("kvEvents")]);
  });
});

/** Blocks of a prompt that a mirror knows, found by their tokens and parents as a consumer does. */
function longestKnown(stored: readonly BlockStored[], mirror: Mirror, prompt: readonly number[]): number {
  const byParent = new Map<string, number>();
  for (const { block_hashes, parent_block_hash, token_ids } of stored) {
    block_hashes.forEach((hash, i) => {
      const parent = i === 0 ? parent_block_hash : block_hashes[i - 1]!;
      byParent.set(`${parent}:${token_ids.slice(i * 16, (i + 1) * 16)}`, hash);
    });
  }
  let parent: number | null = null;
  for (let block = 0; ; block++) {
    const hash = byParent.get(`${parent}:${prompt.slice(block * 16, (block + 1) * 16)}`);
    if (hash === undefined || !mirror.copies.has(hash)) return block;
    parent = hash;
  }
}
