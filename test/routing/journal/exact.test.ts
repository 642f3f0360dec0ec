import { describe, expect, test } from "vitest";
import { POLICIES, type PolicyName, type RouterOptions, replay } from "../../../src/index.js";
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
