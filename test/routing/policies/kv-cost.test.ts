import { describe, expect, test } from "vitest";
import { Stand } from "./stand.js";

/** Texts of whole blocks: 16 tokens of 4 characters are 64. */
const blocks = (count: number, of = "x"): string => of.repeat(count * 64);

const scores = (stand: Stand, text: string): Record<string, number | null> =>
  Object.fromEntries(stand.ask(text).candidates.map(({ replica, score }) => [replica, score]));

describe("kv_cost", () => {
  test("the cost of an idle replica: the uncached blocks and those of the request", () => {
    const stand = new Stand({ policy: "kv_cost" });
    stand.serve("a", blocks(6));
    stand.serve("b", `${blocks(2)}${"x".repeat(63)}`);
    // 10 blocks. a: 10 − 6 + 10. b has 2 whole blocks: 10 − 2 + 10. c: 10 + 10.
    expect(scores(stand, blocks(10))).toEqual({ a: 14, b: 18, c: 20, d: 20 });
    expect(stand.ask(blocks(10))).toMatchObject({
      replica: "a",
      reason: "lowest_cost",
      hitAvailable: 384,
      hitChosen: 384,
    });
  });

  test("a request that is no whole number of blocks: prefill in parts, blocks rounded up", () => {
    const stand = new Stand({ policy: "kv_cost" });
    // 100 ÷ 64 = 1.5625 to prefill, and 2 blocks.
    expect(scores(stand, "x".repeat(100)).a).toBe(3.5625);
  });

  test("work under way: prefill until the first token, blocks until the end", () => {
    const stand = new Stand({ policy: "kv_cost" });
    stand.serve("a", blocks(3));
    const lease = stand.routeTo("a", blocks(10));
    // a: prefill under way 10 − 3, blocks under way 10. The next request of 1 block: prefill 7 + 1, blocks 10 + 1.
    expect(scores(stand, blocks(1, "y"))).toEqual({ a: 19, b: 2, c: 2, d: 2 });
    lease.firstToken();
    expect(scores(stand, blocks(1, "y")).a).toBe(12);
    lease.release();
    expect(scores(stand, blocks(1, "y")).a).toBe(2);
  });

  test("a long queue outweighs a match: 6 blocks saved, 8 under way", () => {
    const stand = new Stand({ policy: "kv_cost" });
    stand.serve("a", blocks(6));
    stand.routeTo("a", blocks(4, "z")).firstToken();
    // a: 10 − 6 + 4 + 10; others: 10 + 10.
    expect(stand.ask(blocks(10))).toMatchObject({ replica: "a" });
    stand.routeTo("a", blocks(4, "y")).firstToken();
    // a: 10 − 6 + 8 + 10.
    expect(stand.ask(blocks(10)).replica).not.toBe("a");
    expect(scores(stand, blocks(10))).toEqual({ a: 22, b: 20, c: 20, d: 20 });
  });

  test("overlapCredit 0.5 counts half of a match; 0 routes by load alone", () => {
    for (const [overlapCredit, cost] of [
      [0.5, 17],
      [0, 20],
    ] as const) {
      const stand = new Stand({ policy: "kv_cost", overlapCredit });
      stand.serve("a", blocks(6));
      expect(scores(stand, blocks(10)).a).toBe(cost);
    }
  });

  test("creditDecay shrinks the credit with prefill beyond the least busy replica's", () => {
    const stand = new Stand({ policy: "kv_cost", creditDecay: 1 });
    stand.serve("a", blocks(6));
    for (const id of ["a", "b", "c", "d"]) stand.routeTo(id, blocks(id === "a" ? 15 : 5, "z"));
    // Excess prefill of a: 15 − 5 = 10 blocks, as many as the request has: credit 1 ÷ (1 + 1) = 0.5.
    // a: (15 + 10 − 0.5 · 6) + (15 + 10). b: (5 + 10) + (5 + 10).
    expect(scores(stand, blocks(10))).toEqual({ a: 47, b: 30, c: 30, d: 30 });
  });

  test("prefillLoadScale weighs prefill, activeRequestWeight requests", () => {
    const stand = new Stand({ policy: "kv_cost", prefillLoadScale: 3, activeRequestWeight: 2 });
    stand.serve("a", blocks(6));
    stand.load({ b: 5 });
    // a: 3 · (10 − 6) + 10. b: 3 · 10 + 10 + 2 · 5. c: 3 · 10 + 10.
    expect(scores(stand, blocks(10))).toEqual({ a: 22, b: 50, c: 40, d: 40 });
  });

  test("block and token size are options", () => {
    const stand = new Stand({ policy: "kv_cost", blockTokens: 5, charsPerToken: 2 });
    stand.serve("a", "x".repeat(39));
    // Blocks of 10 characters: 5 of the request, 3 matched.
    expect(scores(stand, "x".repeat(50))).toMatchObject({ a: 7, b: 10 });
  });

  test("token ids are counted as tokens, and each candidate has its own match", () => {
    const stand = new Stand({ policy: "kv_cost", rendering: "structured" });
    const tokens = Array.from({ length: 64 }, (_, i) => i);
    for (const [id, count] of [
      ["a", 48],
      ["b", 20],
      ["c", 20],
    ] as const) {
      stand.routeTo(id, { prompt: tokens.slice(0, count) }).release();
    }
    const decision = stand.ask({ prompt: tokens });
    // 4 blocks of 16: 3 matched at a, 1 at b and c.
    expect(decision.candidates.map(({ score, matchedChars }) => [score, matchedChars])).toEqual([
      [5, 48],
      [7, 20],
      [7, 20],
      [8, 0],
    ]);
    expect(decision).toMatchObject({ replica: "a", textChars: 64, hitChosen: 48 });
  });

  test("equal costs go by load, equal loads by chance", () => {
    const stand = new Stand({ policy: "kv_cost" });
    stand.load({ a: 2, b: 1, c: 2, d: 1 });
    const counts = stand.counts(400, blocks(2));
    expect(Object.keys(counts).sort()).toEqual(["b", "d"]);
    expect(counts.b).toBeGreaterThan(150);
  });

  test("with a temperature the costs, from 0 to 1, are drawn from by softmax", () => {
    const stand = new Stand({ policy: "kv_cost", temperature: 0.5 }, ["a", "b", "c"]);
    stand.serve("a", blocks(4));
    stand.serve("b", blocks(2));
    // Costs 16, 18, 20 become 0, 0.5, 1: weights 1, e^-1, e^-2, of which the sum is 1.5032.
    const counts = stand.counts(6000, blocks(10));
    for (const [id, share] of [
      ["a", 0.6652],
      ["b", 0.2447],
      ["c", 0.09],
    ] as const) {
      expect(Math.abs(counts[id]! / 6000 - share)).toBeLessThan(0.02);
    }
    expect(stand.ask(blocks(10)).reason).toBe("sampled");
    // All alike: any.
    expect(Object.keys(stand.counts(100, "z"))).toHaveLength(3);
  });

  test("what was sent 120 s ago is forgotten, ttlSecs ago if that is given", () => {
    for (const [ttlSecs, age, hit] of [
      [undefined, 120, 64],
      [undefined, 121, 0],
      [5, 6, 0],
    ] as const) {
      const stand = new Stand({ policy: "kv_cost", ...(ttlSecs !== undefined && { ttlSecs }) }, ["a"]);
      stand.answer(blocks(1));
      stand.nowS = age;
      expect(stand.ask(blocks(1)).hitAvailable).toBe(hit);
    }
  });

  test("with insertAt accept nothing is known before, and the prefill booked is what was uncached", () => {
    const stand = new Stand({ policy: "kv_cost", insertAt: "accept" });
    stand.answer(blocks(3));
    const home = stand.ask(blocks(3)).replica;
    const lease = stand.routeTo(home, blocks(10));
    expect(stand.ask(blocks(10)).hitAvailable).toBe(3 * 64);
    // Prefill 7 + 1, blocks 10 + 1.
    expect(scores(stand, blocks(1, "y"))[home]).toBe(19);
    lease.accept();
    expect(stand.ask(blocks(10)).hitAvailable).toBe(10 * 64);
  });

  test("a replica that comes back with leases has their work still", () => {
    const stand = new Stand({ policy: "kv_cost" }, ["a", "b"]);
    const lease = stand.routeTo("a", blocks(10));
    lease.firstToken();
    stand.router.updateReplicas([{ id: "b" }]);
    stand.router.updateReplicas([{ id: "b" }, { id: "a" }]);
    expect(scores(stand, blocks(1, "y"))).toEqual({ a: 12, b: 2 });
    lease.release();
    expect(scores(stand, blocks(1, "y"))).toEqual({ a: 2, b: 2 });
  });

  test("however leases end, no work is left behind, also on a replica that went and came back", () => {
    const stand = new Stand({ policy: "kv_cost", charsPerToken: 3.7 });
    const leases = Array.from({ length: 40 }, (_, i) => stand.route("a chat ".repeat(i + 1)));
    stand.router.updateReplicas(["a", "c", "d"].map((id) => ({ id })));
    stand.router.updateReplicas(["d", "c", "b", "a"].map((id) => ({ id })));
    leases.forEach((lease, i) => {
      if (i % 4 === 0) lease.reject();
      else {
        if (i % 3 === 0) lease.firstToken();
        lease.release();
      }
    });
    const costs = Object.values(scores(stand, "!"));
    expect(new Set(costs).size).toBe(1);
  });
});
