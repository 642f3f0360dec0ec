import { createRequire } from "node:module";
import { join } from "node:path";
import { encode } from "@msgpack/msgpack";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
// @ts-expect-error An example is JavaScript.
import { Follower } from "../../examples/kv-events/follower.js";
import {
  type RunningReplica,
  type SimulatedReplica,
  startReplica as startListening,
} from "../../src/simulator/index.js";
import type { Run } from "../cli/support.js";
import { batches, frames, freeEndpoint, Mirror } from "../simulator/kv-events/support.js";
import { complete, L4, post, startReplica, tokens } from "../simulator/support.js";
import { installed } from "./needs.js";
import { metric, npmStart, origin, place } from "./support.js";

type Message = readonly [number: bigint, payload: Uint8Array];

/** What the follower of a replica tells; it hears of a message only where the test gives it one. */
function followed(replica: SimulatedReplica, replay = (from: bigint) => kept(replica, from)) {
  const lost: string[] = [];
  const held: number[] = [];
  const follower = new Follower({
    replay,
    onLost: (why: string) => lost.push(why),
    onEvicted: (tokens: number) => held.push(tokens),
  });
  const hear = async (...messages: Message[]) => {
    for (const [number, payload] of messages) await follower.message(number, payload);
  };
  return { lost, held, hear };
}

/** The messages of a replica from a number on, as its replay socket sends them. */
async function kept(replica: SimulatedReplica, from = 0n, encoding = "array"): Promise<Message[]> {
  const query = `format=msgpack&encoding=${encoding}&live=false&from=${from}`;
  const answer = await replica.fetch(new Request(`http://replica/kv_events?${query}`));
  const all = frames(new Uint8Array(await answer.arrayBuffer()));
  return all.filter(({ payload }) => payload !== null).map(({ seq, payload }) => [seq, encode(payload)]);
}

/** What the replica's cache holds by its own events, in tokens. */
async function holds(replica: SimulatedReplica): Promise<number> {
  const answer = await replica.fetch(new Request("http://replica/kv_events?live=false&from=0"));
  const mirror = new Mirror();
  for (const { events } of batches(await answer.text())) mirror.apply(events);
  return 16 * [...mirror.copies.values()].reduce((sum, copies) => sum + copies, 0);
}

const ask = (replica: SimulatedReplica, seed: number) => complete(replica, { prompt: tokens(48, seed), max_tokens: 1 });

describe("examples/kv-events, what follows a replica's cache", () => {
  test.each(["array", "map"])("knows how much it holds after evictions; events are read as %ss", async (encoding) => {
    const replica = startReplica({ kvEvents: true, profile: { ...L4, blocks: 12 } });
    const { lost, held, hear } = followed(replica);
    for (let seed = 0; seed < 8; seed++) await ask(replica, seed);
    await hear(...(await kept(replica, 0n, encoding)));
    expect(held.at(-1)).toBe(await holds(replica));
    expect(lost).toEqual([]);
  });

  test("numbers that begin again are a new process, not duplicates", async () => {
    const replica = startReplica({ kvEvents: true });
    const { lost, hear } = followed(replica);
    for (const seed of [1, 2, 3]) await ask(replica, seed);
    await hear(...(await kept(replica)));
    replica.inject({ kind: "restart" });
    await ask(replica, 4);
    await hear(...(await kept(replica)));
    expect(lost).toEqual(["restarted"]);
  });

  test("so is one that was not heard of before it had come farther than the one before", async () => {
    const replica = startReplica({ kvEvents: true });
    const { lost, hear } = followed(replica);
    await ask(replica, 1);
    await hear(...(await kept(replica)));
    replica.inject({ kind: "restart" });
    for (const seed of [2, 3, 4]) await ask(replica, seed);
    await hear(...(await kept(replica, 2n)));
    expect(lost).toEqual(["restarted"]);
  });

  test("what was missed is asked for again, and counts", async () => {
    const replica = startReplica({ kvEvents: true, profile: { ...L4, blocks: 12 } });
    const { lost, held, hear } = followed(replica);
    for (let seed = 0; seed < 8; seed++) await ask(replica, seed);
    const messages = await kept(replica);
    // It comes late, and then misses some in the middle.
    await hear(messages[2]!, messages[5]!, messages.at(-1)!);
    expect(held.at(-1)).toBe(await holds(replica));
    expect(lost).toEqual([]);
  });

  test.each([
    ["in the middle", (messages: Message[]) => [messages[0]!, ...messages.slice(2)]],
    ["at the beginning", (messages: Message[]) => messages.slice(1)],
  ])("what cannot be had again, %s, leaves the size unknown until the cache is cleared", async (_, heard) => {
    const replica = startReplica({ kvEvents: true, profile: { ...L4, blocks: 12 } });
    const { lost, held, hear } = followed(replica, async () => []);
    for (let seed = 0; seed < 8; seed++) await ask(replica, seed);
    const messages = await kept(replica);
    await hear(...heard(messages));
    expect([lost, held]).toEqual([[], []]);
    expect((await replica.fetch(post("/reset_prefix_cache", {}))).status).toBe(200);
    for (let seed = 10; seed < 18; seed++) await ask(replica, seed);
    await hear(...(await kept(replica, BigInt(messages.length))));
    expect(lost).toEqual(["cleared"]);
    expect(held.length).toBeGreaterThan(0);
  });

  test("hashes of 64 bits or 32 bytes, of which some would be equal as numbers, are different blocks", async () => {
    const { held, hear } = followed(startReplica());
    const bytes = new Uint8Array(32);
    const stored = [2n ** 63n, 2n ** 63n + 1n, -(2n ** 63n) + 1n, bytes];
    const batch = (...events: unknown[]) => encode([1.5, events, null], { useBigInt64: true });
    await hear(
      [0n, batch(["BlockStored", stored, null, [], 16])],
      [1n, batch(["BlockRemoved", [2n ** 63n]], ["BlockRemoved", [bytes], "GPU", 0])],
    );
    expect(held).toEqual([2 * 16]);
  });
});

// ZeroMQ is no dependency of this repository: this part is for npm run test:examples alone.
describe.runIf(installed() !== undefined)("examples/kv-events, the gateway", () => {
  let replica: RunningReplica;
  let gateway: Run;
  let url: string;
  beforeAll(async () => {
    const folder = place("kv-events");
    const module = createRequire(join(folder, "package.json"))("zeromq");
    const [endpoint, replayEndpoint] = [await freeEndpoint(), await freeEndpoint()];
    const zeromq = { endpoint, replayEndpoint, module };
    replica = await startListening({ speed: 100, profile: { ...L4, blocks: 40 }, zeromq });
    gateway = npmStart(folder, { REPLICAS: `${replica.url},${endpoint},${replayEndpoint}`, PORT: "0" });
    url = await origin(gateway);
  });
  afterAll(() => replica?.close());

  let asked = 0;
  async function ask(): Promise<void> {
    const prompt = `${++asked} ${"and so on ".repeat(60)}`;
    const answer = await fetch(`${url}/v1/completions`, {
      method: "POST",
      body: JSON.stringify({ prompt, max_tokens: 1 }),
    });
    expect(answer.status).toBe(200);
  }

  /** Asks until the gateway says so: what is published before its subscription has arrived is nobody's. */
  async function askUntil(pattern: RegExp): Promise<void> {
    let told = false;
    void gateway.line(pattern).then(() => {
      told = true;
    });
    while (!told) await ask();
  }

  test("keeps its tree as small as the cache, which evicts", async () => {
    await askUntil(/^replica-1 holds \d+ tokens: \d+ characters are forgotten$/);
    for (let i = 0; i < 20; i++) await ask();
    await expect.poll(() => metric([url], "warmroute_tree_chars")).toBeLessThanOrEqual(40 * 16 * 4);
  });

  test("forgets all of a replica that was cleared, or began anew", async () => {
    expect((await fetch(`${replica.url}/reset_prefix_cache`, { method: "POST" })).status).toBe(200);
    await askUntil(/^replica-1 is forgotten: cleared$/);
    replica.replica.inject({ kind: "restart" });
    await askUntil(/^replica-1 is forgotten: restarted$/);
  });

  test("SIGTERM ends it", async () => {
    gateway.child.kill("SIGTERM");
    expect(await gateway.exit, gateway.errors()).toBe(0);
  });
});
