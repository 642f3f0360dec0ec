import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { type Lease, type RecordOptions, Router, replay, replayEach } from "../../../src/index.js";
import { VirtualTime } from "../support.js";
import { traffic } from "./traffic.js";

/** A journal of two replicas under `first`, in a time that passes only when it is told to. */
function recorded(play: (router: Router, time: VirtualTime) => void, limit?: number): string[] {
  const time = new VirtualTime();
  const { clock, timers } = time;
  const replicas = ["a", "b"].map((id) => ({ id, ...(limit !== undefined && { maxOngoingRequests: limit }) }));
  const router = new Router({ policy: first(), replicas, clock, timers });
  const lines: string[] = [];
  router.record((line) => lines.push(line));
  play(router, time);
  return lines;
}

/** Everything goes to the first replica with room. */
function first(): ConstructorParameters<typeof Router>[0]["policy"] {
  return {
    name: "first",
    tree: null,
    choose: ({ candidates }) => ({ replica: candidates[0]!, reason: "custom", matchedChars: 0 }),
  };
}

/** As `first`, from the other end. */
function last(): ConstructorParameters<typeof Router>[0]["policy"] {
  return {
    name: "last",
    tree: null,
    choose: ({ candidates }) => ({ replica: candidates.at(-1)!, reason: "custom", matchedChars: 0 }),
  };
}

/** In turn, beginning with the first. */
function turns(): ConstructorParameters<typeof Router>[0]["policy"] {
  let next = 0;
  return {
    name: "turns",
    tree: null,
    choose: ({ candidates }) => ({
      replica: candidates[next++ % candidates.length]!,
      reason: "rotation",
      matchedChars: 0,
    }),
  };
}

describe("replay", () => {
  test("hits, moves and balance by hand", async () => {
    const lines = recorded((router) => {
      const ask = (text: string, session: string): void => router.route({ prompt: text }, { session }).release();
      ask("0123456789", "s"); //           10 characters, new
      ask("0123456789abcde", "s"); //      15 characters, 10 of them known
      ask("0123456789abcdefghij", "s"); // 20 characters, 15 of them known
      ask("xyz", "t"); //                   3 characters, new
      router.route({ prompt: [1, 2, 3, 4] }, { session: "t" }).release();
      router.route({ prompt: [1, 2, 3, 5] }, { session: "t" }).release();
    });
    const [same, robin] = await replayEach(lines, [{ policy: first() }, { policy: turns() }]);
    expect(same).toMatchObject({
      policy: "first",
      requests: 6,
      decisions: 6,
      characters: { sent: 48, hit: 25, available: 25 },
      tokens: { sent: 8, hit: 3, available: 3 },
      conversations: 2,
      laterTurns: 4,
      moves: 0,
      imbalance: 2,
      hotspot: 2,
      served: { a: 6, b: 0 },
      reasons: { custom: 6 },
      sameReplica: 6,
      same: 6,
      firstDifference: null,
    });
    // a: 10, 20, ids; b: 15, xyz, ids.
    expect(robin).toMatchObject({
      characters: { sent: 48, hit: 10, available: 25 },
      tokens: { sent: 8, hit: 0, available: 3 },
      moves: 4,
      imbalance: 1,
      served: { a: 3, b: 3 },
      sameReplica: 3,
      same: 0,
      firstDifference: {
        line: 2,
        request: 0,
        recorded: { replica: "a", reason: "custom" },
        replayed: { replica: "a", reason: "rotation" },
      },
    });
  });

  test("without a session a conversation is told by how its first user message begins", async () => {
    const lines = recorded((router) => {
      for (const text of ["one", "two", "one", "one"]) {
        const system = { role: "system", content: "The same for all." };
        router.route({ messages: [system, { role: "user", content: text }] }).release();
      }
      router.route({ prompt: "" }).release();
    });
    expect(await replay(lines, { policy: turns() })).toMatchObject({ conversations: 2, laterTurns: 2, moves: 1 });
  });

  test("leases last as long as they did, so that load is the policy's", async () => {
    const lines = recorded((router) => {
      const leases = [1, 2, 3, 4].map(() => router.route({ prompt: "x" }));
      for (const lease of leases) lease.release();
    });
    // Longest queue by average after each choice: all on one of two; or 2, 1, 4/3, 1.
    expect((await replay(lines, { policy: first() })).hotspot).toBe(2);
    expect((await replay(lines, { policy: "least_requests" })).hotspot).toBeCloseTo((2 + 1 + 4 / 3 + 1) / 4);
  });

  test("with cacheChars a replica keeps only the newest", async () => {
    const lines = recorded((router, time) => {
      for (const text of ["aaaaaaaaaa", "bbbbbbbbbb", "aaaaaaaaaa"]) {
        time.nowMs += 1000;
        router.route({ prompt: text }).release();
      }
    });
    const hits = await replayEach(lines, [
      { policy: first() },
      { policy: first(), cacheChars: 20 },
      { policy: first(), cacheChars: 19 },
    ]);
    expect(hits.map(({ characters }) => characters.hit)).toEqual([10, 10, 0]);
  });

  test("what a replica rejected counts as if it had not been sent", async () => {
    const lines = recorded((router) => {
      router.route({ prompt: "0123456789" }, { session: "s" }).reject();
      router.route({ prompt: "0123456789" }, { session: "s" }).release();
    });
    expect(await replay(lines, { policy: turns() })).toMatchObject({
      decisions: 2,
      rejected: 1,
      characters: { sent: 10, hit: 0, available: 0 },
      laterTurns: 0,
      served: { a: 0, b: 1 },
    });
  });

  test("a request that was refused then, and has a place now, gives it back at once", async () => {
    const lines = recorded((router) => {
      const held = router.route({ prompt: "x" }, { exclude: new Set(["b"]) });
      expect(() => router.route({ prompt: "y" }, { exclude: new Set(["b"]) })).toThrow("full");
      held.release();
    }, 1);
    expect(lines[2]).toContain('"refused":true');
    expect(await replay(lines, { policy: last() })).toMatchObject({ requests: 2, decisions: 1, refused: 1 });
    const roomy = lines.map((line) => line.replace('"maxOngoingRequests":1', '"maxOngoingRequests":2'));
    expect(await replay(roomy, { policy: first() })).toMatchObject({ decisions: 2, refused: 0, hotspot: 2 });
  });

  test("a journal that begins later leaves out the ends of leases from before", async () => {
    const router = new Router({ policy: "least_requests", replicas: [{ id: "a" }, { id: "b" }] });
    const before = router.route({ prompt: "before" });
    const lines: string[] = [];
    router.record((line) => lines.push(line));
    before.release();
    router.route({ prompt: "x" }).release();
    expect(await replay(lines)).toMatchObject({ whole: false, requests: 1, decisions: 1 });
  });

  test("reads lines of any kind: an array, a string, as they come", async () => {
    const lines = recorded((router) => router.route({ prompt: "x" }).release());
    async function* later(): AsyncGenerator<string> {
      for (const line of lines) yield line.trimEnd();
    }
    const options = { policy: first() };
    const report = await replay(lines, options);
    expect(await replay(lines.join(""), options)).toEqual(report);
    expect(await replay(later(), options)).toEqual(report);
    await expect(replay(7 as never)).rejects.toThrow("the journal must be its lines, or a string, not 7");
  });

  test("several at once give what each gives alone", async () => {
    const { lines } = await traffic({ policy: "prefix_aware" }, { requests: 500, seed: 6 });
    const options = [{}, { policy: "kv_cost", seed: 4 }, { policy: "prefix_aware", matchRateThreshold: 0.5 }] as const;
    const alone = await Promise.all(options.map((each) => replay(lines, each)));
    expect(await replayEach(lines, options)).toEqual(alone);
    expect(alone[2]!.same).toBeLessThan(alone[0]!.same);
  });
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test.each<[string, RecordOptions]>([
  ["texts", {}],
  ["hashes", { keys: "hashes", salt: "s" }],
])("while a journal of %s is written and the router observed, nothing of a text is kept", (_name, record) => {
  const router = new Router({ policy: "least_requests", replicas: [{ id: "a" }, { id: "b" }] });
  let bytes = 0;
  router.record((line) => {
    bytes += line.length;
  }, record);
  router.observe(() => {});
  const keep = (i: number): Lease => {
    const content = `${i} `.repeat(50_000).slice(0, 100_000);
    const lease = router.route(JSON.parse(JSON.stringify({ messages: [{ role: "user", content }] })), { session: "s" });
    lease.accept();
    return lease;
  };
  for (let i = 0; i < 10; i++) keep(i);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const leases = Array.from({ length: 200 }, (_, i) => keep(i));
  collectGarbage();
  // 200 texts have 20,000,000 characters.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
  expect(leases.length).toBe(200);
  expect(bytes).toBeGreaterThan(2_000_000);
});
