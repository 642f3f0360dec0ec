import { describe, expect, test } from "vitest";
import { Stand } from "./stand.js";

describe("cache_aware", () => {
  test.each([
    ["3 of 10 characters: not above 0.3", "123zzzzzzz", "least_loaded", "d"],
    ["4 of 10: above", "1234zzzzzz", "prefix_match", "a"],
    ["an empty text has rate 0", "", "least_loaded", "d"],
  ])("%s", (_name, text, reason, replica) => {
    const stand = new Stand({ policy: "cache_aware" });
    stand.serve("a", "1234567890");
    stand.load({ a: 2, b: 2, c: 2, d: 1 });
    expect(stand.ask(text)).toMatchObject({ reason, replica });
  });

  // A holder is passed over only above both 1.5 × the average and the average + 64.
  test.each([
    [85, 0, "prefix_match", "average 21.25: above 31.875, not above 85.25"],
    [86, 0, "spill", "average 21.5: above 32.25 and 85.5"],
    [300, 200, "prefix_match", "average 225: above 289, not above 337.5"],
    [360, 200, "prefix_match", "average 240: above 304, not above 360"],
    [361, 200, "spill", "average 240.25: above 304.25 and 360.375"],
  ] as const)("a holder with %d requests, the three others with %d: %s (%s)", (holder, others, reason, _why) => {
    const stand = new Stand({ policy: "cache_aware" });
    stand.serve("a", "a long text");
    stand.load({ a: holder, b: others, c: others, d: others });
    const decision = stand.ask("a long text");
    expect(decision).toMatchObject({ reason, hitAvailable: 11, hitChosen: reason === "spill" ? 0 : 11 });
    expect(decision.replica === "a").toBe(reason === "prefix_match");
  });

  test("the bounds are options: 1.1 and 32 are SMG's library's", () => {
    const stand = new Stand({ policy: "cache_aware", balanceRelThreshold: 1.1, balanceAbsThreshold: 32 });
    stand.serve("a", "a long text");
    // Average 11: the bounds are 12.1 and 43.
    stand.load({ a: 44 });
    expect(stand.ask("a long text").reason).toBe("spill");
    // Average 10.75: 42.75.
    stand.load({ a: 43 });
    expect(stand.ask("a long text").reason).toBe("spill");
    // Average 10.5: 42.5.
    stand.load({ a: 42 });
    expect(stand.ask("a long text").reason).toBe("prefix_match");
  });

  test("of several holders the least loaded that is not passed over; ties by chance", () => {
    const stand = new Stand({ policy: "cache_aware", balanceAbsThreshold: 0 });
    for (const id of ["a", "b", "c"]) stand.serve(id, "shared text");
    // Average 20: the bound is 30.
    stand.load({ a: 31, b: 29, c: 20, d: 0 });
    expect(stand.counts(20, "shared text")).toEqual({ c: 20 });
    stand.load({ a: 40, b: 20, c: 20, d: 0 });
    const counts = stand.counts(400, "shared text");
    expect(Object.keys(counts).sort()).toEqual(["b", "c"]);
    expect(counts.b).toBeGreaterThan(150);
  });

  test("a spilled text is inserted at its new home, so a hot prefix gains a second one", () => {
    const stand = new Stand({ policy: "cache_aware" });
    stand.serve("a", "hot prefix");
    stand.load({ a: 200, b: 1, c: 1, d: 0 });
    expect(stand.answer("hot prefix")).toMatchObject({ replica: "d", reason: "spill", hitChosen: 0 });
    expect(stand.answer("hot prefix")).toMatchObject({ replica: "d", reason: "prefix_match", hitChosen: 10 });
    expect(stand.router.tree!.prefixMatch("hot prefix").matchedTenants).toEqual(["a", "d"]);
  });

  test("shows every candidate's match and load, and who was passed over", () => {
    const stand = new Stand({ policy: "cache_aware" });
    stand.serve("a", "a long text");
    stand.serve("b", "a long");
    stand.load({ a: 200, b: 1, c: 1, d: 0 });
    expect(stand.ask("a long text").candidates).toEqual([
      { replica: "a", queueLength: 200, matchedChars: 11, score: 200, excluded: "overloaded" },
      { replica: "b", queueLength: 1, matchedChars: 6, score: 1 },
      { replica: "c", queueLength: 1, matchedChars: 0, score: 1 },
      { replica: "d", queueLength: 0, matchedChars: 0, score: 0 },
    ]);
  });

  test("holds at most maxChars of all replicas together", () => {
    const stand = new Stand({ policy: "cache_aware", maxChars: 100 });
    for (let i = 0; i < 50; i++) stand.answer(`${String.fromCharCode(0x4e00 + i)} ${"x".repeat(20)}`);
    const counts = [...stand.router.tree!.tenantToCharCount.values()];
    expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(100);
  });
});
