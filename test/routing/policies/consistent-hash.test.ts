import { describe, expect, test } from "vitest";
import { HashRing } from "../../../src/routing/policies/hash-ring.js";
import { Stand } from "./stand.js";

const KEYS = Array.from({ length: 2000 }, (_, i) => `conversation ${i}`);

function homes(stand: Stand, keys: readonly string[] = KEYS): Map<string, string> {
  return new Map(keys.map((key) => [key, stand.ask(key).replica]));
}

describe("consistent_hash", () => {
  // 4 candidates: the bound is 1.25 · (total + 1) ÷ 4, and a replica fits whose load + 1 is no more.
  test.each([
    ["nothing under way: any fits", 0, 0, "home"],
    ["total 10, bound 3.4375: the home would have 5, the others 3", 4, 2, "spill"],
    ["total 15, bound 5: the home would have 4", 3, 4, "home"],
    ["total 16, bound 5.3125: the home would have 5, and all fit", 4, 4, "home"],
    ["total 8, bound 2.8125: all would have 3, so none fits", 2, 2, "home"],
    ["total 5, bound 1.875: the home would have 3, the others 2, so none fits", 2, 1, "home"],
  ])("%s", (_name, homeLoad, otherLoad, wanted) => {
    const stand = new Stand({ policy: "consistent_hash" });
    const home = stand.ask("some text").replica;
    stand.load({ a: otherLoad, b: otherLoad, c: otherLoad, d: otherLoad, [home]: homeLoad });
    const { replica, reason } = stand.ask("some text");
    expect(reason).toBe(`hash_${wanted}`);
    expect(replica === home).toBe(wanted === "home");
  });

  test("a spilled request goes to the next on the ring, always the same, and not to the least loaded", () => {
    const stand = new Stand({ policy: "consistent_hash" });
    for (const key of KEYS.slice(0, 50)) {
      stand.load({});
      const home = stand.ask(key).replica;
      const second = stand.ask(key, { exclude: new Set([home]) });
      expect(second.reason).toBe("hash_home");
      stand.load({ a: 5, b: 5, c: 5, d: 5, [home]: 20 });
      expect(stand.ask(key)).toMatchObject({ replica: second.replica, reason: "hash_spill" });
    }
  });

  test("a higher load factor keeps more at home", () => {
    // Total 10, bound 2 · 11 ÷ 4 = 5.5: the home may have 5.
    const stand = new Stand({ policy: "consistent_hash", loadFactor: 2 });
    const home = stand.ask("some text").replica;
    stand.load({ a: 2, b: 2, c: 2, d: 2, [home]: 4 });
    expect(stand.ask("some text")).toMatchObject({ replica: home, reason: "hash_home" });
  });

  test("keys spread over the replicas, and more evenly with more virtual nodes", () => {
    const spread = (virtualNodes: number): number => {
      const counts: Record<string, number> = { a: 0, b: 0, c: 0, d: 0 };
      for (const replica of homes(new Stand({ policy: "consistent_hash", virtualNodes })).values()) counts[replica]!++;
      return Math.max(...Object.values(counts).map((count) => Math.abs(count - 500)));
    };
    expect(spread(256)).toBeLessThan(100);
    expect(spread(256)).toBeLessThan(spread(1));
  });

  test("routers that share nothing agree, whatever seed and order of replicas they have", () => {
    const one = new Stand({ policy: "consistent_hash", seed: 1 }, ["a", "b", "c", "d"]);
    const other = new Stand({ policy: "consistent_hash", seed: 2 }, ["c", "a", "d", "b"]);
    expect(homes(one)).toEqual(homes(other));
  });

  test("a replica that goes moves only its own keys, and gets them back when it comes again", () => {
    const stand = new Stand({ policy: "consistent_hash" });
    const before = homes(stand);
    stand.router.updateReplicas(["a", "b", "d"].map((id) => ({ id })));
    for (const [key, home] of homes(stand)) expect(home === before.get(key)).toBe(before.get(key) !== "c");
    stand.router.updateReplicas(["a", "b", "c", "d"].map((id) => ({ id })));
    expect(homes(stand)).toEqual(before);
  });

  test("hashes the first characters of the first user message, so the system prompt that all share counts for nothing", () => {
    const stand = new Stand({ policy: "consistent_hash", rendering: "structured", prefixChars: 10 });
    const chat = (system: string, user: string, more = ""): object => ({
      messages: [
        { role: "system", content: system },
        { role: "user", content: user },
        { role: "assistant", content: more },
      ],
    });
    const found = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const user = `${i} is the question of all`;
      const { replica } = stand.ask(chat("You are kind.", user) as never);
      found.add(replica);
      expect(stand.ask(chat("You are not.", user, "Well.") as never).replica).toBe(replica);
      expect(stand.ask(chat("", `${user.slice(0, 10)} changed after that`) as never).replica).toBe(replica);
    }
    expect(found.size).toBe(4);
  });

  test("a session takes the place of the text", () => {
    const stand = new Stand({ policy: "consistent_hash" });
    const bySession = (session: string): Set<string> =>
      new Set(["x", "y", "z", "and", "so", "on"].map((text) => stand.ask(text, { session }).replica));
    expect(bySession("s1").size).toBe(1);
    expect(new Set(KEYS.slice(0, 40).flatMap((session) => [...bySession(session)])).size).toBe(4);
  });

  test("models are apart", () => {
    const stand = new Stand({ policy: "consistent_hash" });
    const moved = KEYS.slice(0, 200).filter((key) => stand.ask(key, { model: "m" }).replica !== stand.ask(key).replica);
    expect(moved.length).toBeGreaterThan(100);
  });

  test("token ids are hashed by themselves, not by their number", () => {
    const stand = new Stand({ policy: "consistent_hash", rendering: "structured" });
    const found = new Set(Array.from({ length: 40 }, (_, i) => stand.ask({ prompt: [i, 7, 7] }).replica));
    expect(found.size).toBe(4);
    // The first 25 (100 characters of about 4 a token) count.
    const start = Array.from({ length: 25 }, (_, i) => i);
    for (let i = 0; i < 10; i++) {
      expect(stand.ask({ prompt: [...start, i] }).replica).toBe(stand.ask({ prompt: start }).replica);
    }
  });

  test("what cannot be read goes by load", () => {
    const stand = new Stand({ policy: "consistent_hash" });
    stand.load({ a: 1, b: 1, d: 1 });
    expect(stand.ask({ prompt: 5 })).toMatchObject({ replica: "c", reason: "least_loaded" });
  });

  test("shows the loads, and who is over the bound", () => {
    const stand = new Stand({ policy: "consistent_hash" });
    stand.load({ a: 9, b: 2, c: 2, d: 2 });
    // Total 15, bound 5.
    const none = { matchedChars: null };
    expect(stand.ask("x").candidates).toEqual([
      { replica: "a", queueLength: 9, score: 9, excluded: "overloaded", ...none },
      { replica: "b", queueLength: 2, score: 2, ...none },
      { replica: "c", queueLength: 2, score: 2, ...none },
      { replica: "d", queueLength: 2, score: 2, ...none },
    ]);
  });
});

describe("HashRing", () => {
  test("gives the owners in ring order, each met again, and -1 when none will do", () => {
    const ring = new HashRing(["a", "b", "c"], 8);
    for (const place of [0, 12345, 2 ** 31, 2 ** 32 - 1]) {
      const passed: number[] = [];
      expect(ring.find(place, (owner) => passed.push(owner) < 0)).toBe(-1);
      expect(passed).toHaveLength(24);
      expect(new Set(passed)).toEqual(new Set([0, 1, 2]));
      expect(ring.find(place, () => true)).toBe(passed[0]);
      expect(ring.find(place, (owner) => owner === passed[5])).toBe(passed[5]);
    }
  });

  test("without ids has nobody", () => {
    expect(new HashRing([], 8).find(1, () => true)).toBe(-1);
  });
});
