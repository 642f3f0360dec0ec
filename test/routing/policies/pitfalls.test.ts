import { describe, expect, test } from "vitest";
import { PrefixTree } from "../../../src/index.js";
import { BlockHasher } from "../../../src/routing/policies/block-hash.js";
import { Stand } from "./stand.js";

/** What other routers have fallen into, as their issues tell; each by its name. */
describe("pitfalls of others", () => {
  test("a match counted as a share ranks tiny hits with large ones: kv_cost counts the work saved", () => {
    // Half of each text is known at a, which has 5 blocks under way. 1 block saved is not worth the queue; 50 are.
    for (const [blocks, home] of [
      [2, false],
      [100, true],
    ] as const) {
      const stand = new Stand({ policy: "kv_cost" });
      stand.serve("a", "x".repeat(32 * blocks));
      stand.routeTo("a", "z".repeat(5 * 64)).firstToken();
      expect(stand.ask("x".repeat(64 * blocks)).replica === "a").toBe(home);
    }
  });

  test("one hot replica switches affinity off for the whole fleet: cache_aware passes over that one alone", () => {
    const stand = new Stand({ policy: "cache_aware" });
    stand.serve("a", "the hot prefix");
    stand.serve("b", "another prefix");
    stand.load({ a: 500, b: 3 });
    expect(stand.ask("the hot prefix").reason).toBe("spill");
    expect(stand.ask("another prefix")).toMatchObject({ replica: "b", reason: "prefix_match" });
  });

  test("cold requests to the smallest tree, a death spiral: cache_aware sends them to the least loaded", () => {
    const stand = new Stand({ policy: "cache_aware" });
    for (const id of ["a", "b", "c"]) stand.serve(id, `${id}: much text`);
    stand.load({ a: 2, b: 1, c: 2, d: 3 });
    // d owns nothing, and is the slowest to finish.
    expect(stand.ask("something new")).toMatchObject({ replica: "b", reason: "least_loaded" });
  });

  test("a cap that is only swept at intervals: the tree is within its bound after every request", () => {
    for (const policy of ["prefix_aware", "cache_aware", "kv_cost"] as const) {
      const stand = new Stand({ policy, maxChars: 1000 });
      for (let i = 0; i < 100; i++) {
        stand.answer(`${String.fromCharCode(0x4e00 + i)}${"x".repeat((i * 37) % 300)}`);
        expect(stand.router.tree!.stats().chars).toBeLessThanOrEqual(1000);
      }
    }
  });

  test("user or request id as the key of affinity: neither is read", () => {
    for (const policy of ["consistent_hash", "session"] as const) {
      const stand = new Stand({ policy });
      stand.load({ b: 1, c: 1, d: 1 });
      const homes = Array.from({ length: 20 }, (_, i) =>
        stand.ask({ prompt: "hello", user: `${i}`, request_id: `${i}` } as never),
      );
      expect(new Set(homes.map(({ replica }) => replica)).size).toBe(1);
    }
  });

  test("characters and bytes mixed: a match rate of emoji is that of letters", () => {
    for (const policy of ["prefix_aware", "cache_aware", "kv_cost"] as const) {
      const stand = new Stand({ policy });
      stand.serve("a", "😀".repeat(70));
      expect(stand.ask("😀".repeat(100))).toMatchObject({
        replica: "a",
        matchedChars: 70,
        textChars: 100,
        matchRate: 0.7,
      });
    }
  });

  test("64-bit hashes squeezed into a Number: every block hash is an exact one", () => {
    const hasher = new BlockHasher(9);
    const count = hasher.ofText("0123456789abcdef".repeat(1000), "", 16, 1000);
    for (let i = 0; i < count; i++) expect(Number.isSafeInteger(hasher.hashes[i])).toBe(true);
  });

  test("prompts of token ids told apart by their number alone", () => {
    for (const policy of ["prefix_aware", "cache_aware", "kv_cost", "prefix_blocks"] as const) {
      const stand = new Stand({ policy, rendering: "structured" });
      stand.answer({ prompt: Array.from({ length: 128 }, (_, i) => i) });
      const same = stand.ask({ prompt: Array.from({ length: 128 }, (_, i) => i) });
      const other = stand.ask({ prompt: Array.from({ length: 128 }, (_, i) => i + 1) });
      expect([same.hitAvailable, other.hitAvailable]).toEqual([128, 0]);
    }
  });

  test("work that is not taken back on an abort: kv_cost and the leases are at nothing", () => {
    const stand = new Stand({ policy: "kv_cost" }, ["a", "b"]);
    const gone = new AbortController();
    for (let i = 0; i < 6; i++) stand.route("x".repeat(640), { signal: gone.signal });
    gone.abort();
    expect(stand.router.leases).toBe(0);
    // 1 block to prefill and 1 to hold.
    expect(stand.ask("y".repeat(64)).candidates.map(({ score }) => score)).toEqual([2, 2]);
  });

  test("a silent replica taken for an idle one: prefix_blocks does not prefer it", () => {
    const stand = new Stand({ policy: "prefix_blocks", loadValidSecs: 10 }, ["dead", "b", "c"]);
    stand.router.setLoad("dead", { running: 0, waiting: 0, kvUsage: 0 });
    stand.nowS = 60;
    for (const id of ["b", "c"]) stand.router.setLoad(id, { running: 2, waiting: 0, kvUsage: 0.9 });
    const counts = stand.counts(60, "x");
    expect(Object.keys(counts).sort()).toEqual(["b", "c", "dead"]);
  });

  test("a hit spilled elsewhere and not inserted there: the next one finds it", () => {
    const stand = new Stand({ policy: "cache_aware" });
    stand.serve("a", "a prefix");
    stand.load({ a: 500 });
    const { replica } = stand.answer("a prefix");
    expect(stand.ask("a prefix")).toMatchObject({ replica, reason: "prefix_match" });
  });

  test("an empty list of candidates means everyone to the tree: it is never asked with one", () => {
    const asked: number[] = [];
    const { tenantSet } = PrefixTree.prototype;
    const stand = new Stand({ policy: "prefix_aware", replicas: [{ id: "a", maxOngoingRequests: 1 }] });
    PrefixTree.prototype.tenantSet = function (names) {
      asked.push([...names].length);
      return tenantSet.call(this, names);
    };
    try {
      stand.route("x");
      expect(() => stand.route("x")).toThrow("none of 1 replicas");
      expect(() => stand.route("x", { exclude: new Set(["a"]) })).toThrow("none of 1 replicas");
    } finally {
      PrefixTree.prototype.tenantSet = tenantSet;
    }
    expect(asked.filter((length) => length === 0)).toEqual([]);
  });
});
