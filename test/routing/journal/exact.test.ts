import { describe, expect, test } from "vitest";
import { type Lease, POLICIES, type PolicyName, Router, type RouterOptions, replay } from "../../../src/index.js";
import { Random } from "../../../src/random/index.js";
import { traffic } from "./traffic.js";

const CASES: [PolicyName, Partial<RouterOptions>][] = [
  ...(Object.keys(POLICIES) as PolicyName[]).map((policy): [PolicyName, Partial<RouterOptions>] => [policy, {}]),
  ["prefix_aware", { matching: "fifo", insertAt: "accept", imbalancedThreshold: 3 }],
  [
    "prefix_aware",
    { doEviction: true, evictionThresholdChars: 3000, evictionTargetChars: 1000, evictionIntervalSecs: 0.7 },
  ],
  ["prefix_aware", { spill: "per-replica", ttlSecs: 1.5, locality: { zone: "near" } }],
  ["cache_aware", { maxChars: 4000, balanceAbsThreshold: 1, insertAt: "accept" }],
  ["kv_cost", { temperature: 0.5, ttlSecs: 2, creditDecay: 0.5, loadValidSecs: 0.2 }],
  ["prefix_blocks", { capacityBlocks: 20, blockTokens: 16, matching: "fifo" }],
  ["session", { sessionIdleSecs: 0.5, maxSessions: 10 }],
];

describe("a journal replayed under its own options gives the very same decisions", () => {
  test.each(CASES)("%s %o", async (policy, options) => {
    const { lines, decisions, counts } = await traffic({ policy, ...options }, { requests: 2600, seed: 7 });
    const report = await replay(lines);
    expect(report.firstDifference).toBeNull();
    expect(report).toMatchObject({ policy, whole: true, keys: "texts", requests: 2600, decisions: decisions.length });
    expect(report.same).toBe(decisions.length);
    expect(decisions.length).toBeGreaterThan(2000);
    // All that can happen has happened.
    for (const what of ["retry", "replicas", "QueueFullError", "QueueTimeoutError", "NoReplicaError", "left"]) {
      expect(counts[what] ?? 0, what).toBeGreaterThan(0);
    }
    expect(report.rejected).toBeGreaterThan(50);
    expect(report.waited).toBeGreaterThan(10);
    expect(report.tokens.hit).toBeGreaterThan(0);
  });
});

test.each(["structured", "reference"] as const)("chats that begin with a short message (%s)", async (rendering) => {
  const replicas = Array.from({ length: 8 }, (_, i) => ({ id: `r${i}` }));
  const router = new Router({ policy: "consistent_hash", replicas, rendering });
  const lines: string[] = [];
  router.record((line) => lines.push(line));
  const chats = ["hi", "yo", "hey"].map((content) => [{ role: "user", content }]);
  for (let turn = 0; turn < 4; turn++) {
    for (const messages of chats) {
      router.route({ messages }).release();
      messages.push({ role: "assistant", content: "Well." }, { role: "user", content: `And ${turn}?` });
    }
  }
  const report = await replay(lines);
  expect(report).toMatchObject({ decisions: 12, same: 12, firstDifference: null });
  if (rendering === "structured") expect(report).toMatchObject({ conversations: 3, laterTurns: 9, moves: 0 });
});

test("reports of load from before, from ahead, too old to count, and of a clock that was put back", async () => {
  const random = new Random(3);
  let now = 1000;
  const replicas = ["a", "b", "c"].map((id) => ({ id }));
  const router = new Router({ policy: "least_requests", replicas, clock: () => now, loadValidSecs: 2 });
  const lines: string[] = [];
  router.record((line) => lines.push(line));
  const live: Lease[] = [];
  let refused = 0;
  for (let i = 0; i < 600; i++) {
    now += i === 300 ? -500 : random.below(10) / 10;
    const at = now + random.below(12) - 6;
    const load = { running: random.below(9), waiting: random.below(3) };
    if (!router.setLoad("abc"[random.below(3)]!, random.below(4) === 0 ? load : { ...load, at })) refused++;
    live.push(router.route({ text: `${i}` }));
    if (live.length > 5) live.splice(random.below(5), 1)[0]!.release();
  }
  expect(refused).toBeGreaterThan(50);
  expect(await replay(lines)).toMatchObject({ decisions: 600, same: 600, firstDifference: null });
});
