import { describe, expect, test } from "vitest";
import { VirtualTime } from "../support.js";
import { Stand } from "./stand.js";

const two = ["a", "b"];

/** What the unit and release tests of Ray Serve LLM's prefix-aware router pin down, by behaviour, in their order. */
describe("Ray Serve LLM's router tests", () => {
  test("no arguments: the shorter queue of the pair", () => {
    const stand = new Stand({ policy: "prefix_aware" }, two);
    stand.serve("a", "Hello world");
    stand.load({ a: 0, b: 1 });
    expect(stand.ask({})).toMatchObject({ replica: "a", reason: "two_choices" });
    stand.load({ a: 2, b: 1 });
    expect(stand.ask({})).toMatchObject({ replica: "b", reason: "two_choices" });
  });

  test("an imbalance, queues of 0 and 10 with a threshold of 2, beats a full match", () => {
    const stand = new Stand({ policy: "prefix_aware", imbalancedThreshold: 2 }, two);
    stand.serve("a", "Hello world");
    stand.load({ a: 10, b: 0 });
    expect(stand.ask("Hello world")).toMatchObject({ replica: "b", reason: "imbalanced" });
    stand.load({ a: 2, b: 0 });
    expect(stand.ask("Hello world")).toMatchObject({ replica: "a", reason: "prefix_match" });
  });

  test.each([
    ["a prompt", { prompt: "Hello there" }],
    ["messages", { messages: [{ role: "user", content: "Hello there" }] }],
    ["messages in pieces", { messages: [{ content: "Hel" }, { content: [{ type: "text", text: "lo there" }] }] }],
  ])("a match goes to its owner: %s", (_name, request) => {
    const stand = new Stand({ policy: "prefix_aware" }, two);
    stand.serve("a", "Hello world");
    stand.serve("b", "something else");
    // "Hello " of "Hello there".
    expect(stand.ask(request)).toMatchObject({ replica: "a", matchedChars: 6, textChars: 11 });
  });

  test("no match goes to the smaller tenant, for a prompt and for messages", () => {
    const stand = new Stand({ policy: "prefix_aware" }, two);
    stand.serve("a", "Hello world, and more");
    stand.serve("b", "Hello");
    for (const request of [{ prompt: "Other" }, { messages: [{ role: "user", content: "Other" }] }]) {
      expect(stand.ask(request)).toMatchObject({ replica: "b", reason: "smallest_tenant", matchRate: 0 });
    }
  });

  test.each([
    ["a string", "Hello", "Hello"],
    ["a list of strings", ["Hel", "lo"], "Hello"],
    ["a list without text", [null, 5, { image_url: "x" }], ""],
    ["contents that are null", [{ role: "assistant", content: null }, { content: "Hello" }], "Hello"],
    ["parts within parts", [{ content: [{ content: [{ text: "Hel" }] }, "lo"] }], "Hello"],
    ["no list and no string", 5, ""],
  ])("the text of a request: %s", (_name, value, text) => {
    for (const request of [{ messages: value }, { prompt: value }, { prompt: "passed over", messages: value }]) {
      const stand = new Stand({ policy: "prefix_aware" }, two);
      stand.answer(request);
      expect(stand.ask(text).matchedChars).toBe(text.length);
      expect(stand.router.tree!.stats().chars).toBe(text.length);
    }
  });

  test("the eviction loop starts once replicas come, and brings each down to the target after one interval", async () => {
    const time = new VirtualTime();
    const { clock, timers } = time;
    const eviction = { evictionThresholdChars: 10, evictionTargetChars: 5, evictionIntervalSecs: 1 };
    const stand = new Stand({ policy: "prefix_aware", doEviction: true, ...eviction, clock, timers }, two);
    for (const text of ["aaaa", "bbbb", "cccc"]) stand.serve("a", text);
    await time.pass(999);
    expect(stand.router.tree!.tenantToCharCount.get("a")).toBe(12);
    await time.pass(1);
    expect(stand.router.tree!.tenantToCharCount.get("a")).toBeLessThanOrEqual(5);
  });

  test("two deployments have separate trees", () => {
    const [one, other] = [new Stand({ policy: "prefix_aware" }, two), new Stand({ policy: "prefix_aware" }, two)];
    one.answer("Hello world");
    expect([one.ask("Hello world").matchedChars, other.ask("Hello world").matchedChars]).toEqual([11, 0]);
  });

  test("60 unrelated prompts reach all of 4 replicas, none more than half", () => {
    const stand = new Stand({ policy: "prefix_aware" });
    const counts = new Map<string, number>();
    for (let i = 0; i < 60; i++) {
      const { replica } = stand.answer(`${String.fromCharCode(0x4e00 + i)} ${"word ".repeat(i % 7)}`);
      counts.set(replica, (counts.get(replica) ?? 0) + 1);
    }
    expect(counts.size).toBe(4);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(30);
  });

  test("4 prompts, 5 times each and interleaved, stay each on one replica", () => {
    const stand = new Stand({ policy: "prefix_aware" });
    const homes = ["one", "two", "three", "four"].map((name) => ({ text: name.repeat(50), seen: new Set<string>() }));
    for (let i = 0; i < 5; i++) for (const { text, seen } of homes) seen.add(stand.answer(text).replica);
    for (const { seen } of homes) expect(seen.size).toBe(1);
  });
});
