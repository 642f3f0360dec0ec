import { describe, expect, test } from "vitest";
import { type Choice, type Policy, type PolicyRequest, Router } from "../../../src/index.js";
import { Stand } from "./stand.js";

const example: (environment: object) => Policy = (
  await import(new URL("../../../examples/custom-policy.mjs", import.meta.url).href)
).default;

describe("the example of the docs, warm_unless_busy,", () => {
  test("stays with the warmest while it is not busy, and shows its figures", () => {
    const stand = new Stand({ policy: example as never });
    expect(stand.router.policy).toBe("warm_unless_busy");
    const first = stand.answer("a long prompt").replica;
    for (let i = 0; i < 20; i++) expect(stand.answer("a long prompt, and more").replica).toBe(first);
    stand.load({ [first]: 7 });
    const decision = stand.ask("a long prompt");
    expect(decision).toMatchObject({ replica: first, reason: "custom", hitAvailable: 13, hitChosen: 13 });
    expect(decision.candidates.find(({ replica }) => replica === first)).toMatchObject({ matchedChars: 13, score: 6 });
    stand.load({ [first]: 8 });
    expect(stand.ask("a long prompt").replica).not.toBe(first);
  });

  test("keeps namespaces apart, and follows the replicas", () => {
    const stand = new Stand({ policy: example as never });
    stand.answer("a long prompt", { model: "m" });
    expect(stand.ask("a long prompt").hitAvailable).toBe(0);
    stand.router.updateReplicas([{ id: "new" }]);
    expect(stand.ask("a long prompt", { model: "m" })).toMatchObject({ replica: "new", hitAvailable: 0 });
  });
});

/** Takes the last candidate, and writes down what it is told. */
class Last implements Policy {
  readonly name = "last";
  readonly tree = null;
  readonly told: string[] = [];

  choose({ candidates }: PolicyRequest): Choice {
    return { replica: candidates.at(-1)!, reason: "custom", matchedChars: 0 };
  }

  onRouted(): void {
    this.told.push("routed");
  }

  onAccepted(): void {
    this.told.push("accepted");
  }

  onFirstToken(): void {
    this.told.push("first token");
  }

  onRejected(): void {
    this.told.push("rejected");
  }

  onReleased(_route: unknown, { cachedTokens, error }: { cachedTokens?: number; error?: unknown }): void {
    this.told.push(`released ${cachedTokens ?? ""}${error ?? ""}`);
  }

  onReplicasChanged({ added, removed }: { added: readonly string[]; removed: readonly string[] }): void {
    this.told.push(`replicas +${added} -${removed}`);
  }

  dispose(): void {
    this.told.push("disposed");
  }
}

test("an object is told of everything, in order, as its own methods", () => {
  const policy = new Last();
  const router = new Router({ policy, replicas: [{ id: "a" }, { id: "b" }] });
  const lease = router.route({ text: "x" });
  expect(lease.decision).toMatchObject({ replica: "b", policy: "last", reason: "custom", hitChosen: null });
  lease.accept();
  lease.firstToken();
  lease.release({ cachedTokens: 5 });
  router.route({ text: "x" }).reject();
  router.updateReplicas([{ id: "a" }, { id: "c" }]);
  router[Symbol.dispose]();
  expect(policy.told).toEqual([
    "replicas +a,b -",
    "routed",
    "accepted",
    "first token",
    "released 5",
    "routed",
    "rejected",
    "released ",
    "replicas +c -b",
    "disposed",
  ]);
});

const good = { name: "mine", tree: null, choose: ({ candidates: [replica] }: PolicyRequest) => choice(replica) };
const choice = (replica: unknown, more: object = {}): object => ({
  replica,
  reason: "custom",
  matchedChars: 0,
  ...more,
});

test.each<[string, unknown, string]>([
  ["no choose", { name: "mine", choose: 5 }, "policy must be one of"],
  ["no name", { ...good, name: undefined }, "the policy's name must be a string, not empty, not undefined"],
  ["a tree that is none", { ...good, tree: "t" }, 'tree of policy mine must be a PrefixTree or null, not "t"'],
  ["a call that is none", { ...good, onReleased: 1 }, "onReleased of policy mine must be a function, not 1"],
  ["a function that makes none", () => null, "a policy must be an object with name and choose, not null"],
])("refuses %s", (_name, policy, message) => {
  expect(() => new Router({ policy: policy as never, replicas: [] })).toThrow(message);
});

test.each<[string, (request: PolicyRequest) => unknown, string]>([
  ["nothing", () => undefined, "policy mine must choose { replica, reason, matchedChars }, not undefined"],
  ["no replica", () => choice(undefined), "policy mine chose replica undefined, which is no candidate"],
  ["a stranger", () => choice({ id: "z" }), "policy mine chose replica z, which is no candidate"],
  ["no reason", ({ candidates: [a] }) => choice(a, { reason: "why" }), 'one of the reasons, as "custom", not "why"'],
  ["a promise", async ({ candidates: [a] }) => choice(a), "policy mine must choose at once: its choose gave a promise"],
  ["a promise that fails", () => Promise.reject(new Error("late")), "policy mine must choose at once"],
  ["an endless match", ({ candidates: [a] }) => choice(a, { matchedChars: 1 / 0 }), "0 or more, not Infinity"],
  [
    "a hit that is none",
    ({ candidates: [a] }) => choice(a, { hitChosen: "zz" }),
    'hitChosen as a number, 0 or more, not "zz"',
  ],
  ["figures that are none", ({ candidates: [a] }) => choice(a, { figures: [] }), "figures as a function, not an array"],
  [
    "a reason of every object",
    ({ candidates: [a] }) => choice(a, { reason: "toString" }),
    'as "custom", not "toString"',
  ],
  ["no match", ({ candidates: [a] }) => choice(a, { matchedChars: -1 }), "matchedChars as a number, 0 or more, not -1"],
])("a choice of %s is refused, and takes no place", (_name, choose, message) => {
  const router = new Router({ policy: { ...good, choose } as never, replicas: [{ id: "a" }] });
  expect(() => router.route({ text: "x" })).toThrow(message);
  expect(router.replicas[0]!.queueLength).toBe(0);
});

test.each<[unknown, string]>([
  [5, "figures of policy mine must be an array of 2, one a candidate, not 5"],
  [[{}], "figures of policy mine must be an array of 2, one a candidate, not 1"],
  [
    [{}, { matchedChars: -1 }],
    "matchedChars of figures[1] of policy mine must be a number, 0 or more, or null, not -1",
  ],
  [[{ score: "high" }, {}], 'score of figures[0] of policy mine must be a number or null, not "high"'],
  [[{ score: Number.NaN }, {}], "score of figures[0] of policy mine must be a number or null, not NaN"],
  [[{ excluded: "tired" }, {}], 'excluded of figures[0] of policy mine must be a reason, as "overloaded", not "tired"'],
])("figures %j are refused where they are read, and the choice takes no place", (figures, message) => {
  const choose = ({ candidates: [a] }: PolicyRequest) => choice(a, { figures: () => figures });
  const router = new Router({ policy: { ...good, choose } as never, replicas: [{ id: "a" }, { id: "b" }] });
  expect(() => router.route({ text: "x" }, { explain: true })).toThrow(message);
  expect(router.leases).toBe(0);
  // Nobody asks for them here.
  expect(router.route({ text: "x" }).decision.replica).toBe("a");
});

test("figures may leave out what the policy does not know", () => {
  const choose = ({ candidates: [a] }: PolicyRequest) => choice(a, { figures: () => [{ score: 2 }, undefined] });
  const router = new Router({ policy: { ...good, choose } as never, replicas: [{ id: "a" }, { id: "b" }] });
  const { candidates } = router.route({ text: "x" }, { explain: true }).decision;
  expect(candidates.map(({ matchedChars, score }) => [matchedChars, score])).toEqual([
    [null, 2],
    [null, null],
  ]);
});

test("a prompt of token ids is the policy's until the replica has taken it, whatever the caller does", () => {
  const seen: unknown[] = [];
  const policy = { ...good, onAccepted: ({ key }: { key: { tokens: unknown } }) => void seen.push(key.tokens) };
  const router = new Router({ policy: policy as never, replicas: [{ id: "a" }] });
  const prompt = [1, 2, 3];
  const lease = router.route({ prompt });
  prompt[0] = 9;
  lease.accept();
  expect(seen).toEqual([[1, 2, 3]]);
});
