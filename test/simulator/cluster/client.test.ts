import { describe, expect, test } from "vitest";
import { saturationRate, simulateCluster } from "../../../src/simulator/index.js";
import { workload } from "../../../src/workloads/index.js";
import { CHAT, handMade, REFERENCE, run } from "./support.js";

/** The most that were under way at a time. */
function most(requests: readonly { sentMs: number; lastMs: number }[]): number {
  const changes = requests.flatMap(({ sentMs, lastMs }) => [
    { atMs: sentMs, by: 1 },
    { atMs: lastMs, by: -1 },
  ]);
  changes.sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let now = 0;
  return Math.max(...changes.map(({ by }) => (now += by)));
}

describe("a closed loop", () => {
  test("has as many under way as it may, and no more", async () => {
    for (const concurrency of [1, 7, 40]) {
      const { requests } = await run({ client: { kind: "closed", concurrency } });
      expect(most(requests)).toBe(concurrency);
    }
  });

  test("begins no faster than its requests come", async () => {
    const { requests } = await run({ client: { kind: "closed", concurrency: 1000, rate: 10 } });
    const lastMs = Math.max(...requests.map(({ sentMs }) => sentMs));
    expect(150_000 / lastMs).toBeGreaterThan(8);
    expect(150_000 / lastMs).toBeLessThan(12.5);
    const all = await run({ client: { kind: "closed", concurrency: 1000, rate: Number.POSITIVE_INFINITY } });
    expect(new Set(all.requests.map(({ sentMs }) => sentMs))).toEqual(new Set([0]));
  });

  test("sends independent requests in the workload's order", async () => {
    const { requests } = await run({ client: { kind: "closed", concurrency: 1 } });
    expect(requests.map(({ conversation, turn }) => [conversation, turn])).toEqual(REFERENCE.order);
  });
});

describe("conversations", () => {
  test.each([
    { kind: "closed", concurrency: 10, thinkMs: 300 },
    { kind: "open", rate: 8, thinkMs: 300 },
  ] as const)("go on after the answer and some thought: $kind", async (client) => {
    const { requests } = await run({ workload: CHAT, client });
    const answered = new Map(requests.map((each) => [`${each.conversation}.${each.turn}`, each]));
    const thoughts = requests.flatMap(({ conversation, turn, sentMs }) =>
      turn === 0 ? [] : [sentMs - answered.get(`${conversation}.${turn - 1}`)!.lastMs],
    );
    expect(Math.min(...thoughts)).toBeGreaterThan(0);
    expect(thoughts.length).toBeGreaterThan(50);
  });

  test("a free slot takes a random one of those that are ready, not the one that was just answered", async () => {
    const followed = async (openConversations: number) => {
      const { requests } = await run({
        workload: workload("chat", { seed: 2, requests: 200, turns: 5 }),
        client: { kind: "closed", concurrency: 4, openConversations },
      });
      const bySending = [...requests].sort((a, b) => a.sentMs - b.sentMs);
      const lastOf = new Map<number, number>();
      return bySending.filter(({ conversation, sentMs, lastMs }) => {
        const at = lastOf.get(conversation);
        lastOf.set(conversation, lastMs);
        return at === sentMs;
      }).length;
    };
    // With no more conversations than slots the next turn follows at once.
    expect(await followed(4)).toBeGreaterThan(140);
    expect(await followed(12)).toBeLessThan(100);
  });
});

describe("an open loop", () => {
  test("comes at its rate in Poisson's gaps, whatever is under way", async () => {
    const { requests } = await run({
      workload: workload("random", { seed: 1, requests: 600, outputTokens: 8, inputTokens: 64 } as never),
      client: { kind: "open", rate: 50 },
    });
    const sent = requests.map(({ sentMs }) => sentMs).sort((a, b) => a - b);
    const gaps = sent.slice(1).map((ms, i) => ms - sent[i]!);
    const mean = gaps.reduce((a, b) => a + b) / gaps.length;
    expect(mean).toBeGreaterThan(18);
    expect(mean).toBeLessThan(22);
    // Of exponential gaps one in e is longer than the mean.
    const longer = gaps.filter((gap) => gap > mean).length / gaps.length;
    expect(longer).toBeGreaterThan(0.3);
    expect(longer).toBeLessThan(0.44);
  });

  test("may come at a share of the throughput at which pow_of_2 saturates", async () => {
    const common = { workload: REFERENCE, maxOngoingRequests: 20 };
    const rate = await saturationRate({ ...common, policy: "prefix_aware", imbalancedThreshold: 10 });
    const byLoad = await simulateCluster({ ...common, policy: "prefix_aware", client: { kind: "open", load: 0.7 } });
    const byRate = await simulateCluster({
      ...common,
      policy: "prefix_aware",
      client: { kind: "open", rate: 0.7 * rate },
    });
    expect(byLoad).toEqual(byRate);
    expect(rate).toBeGreaterThan(10);
  });
});

describe("a trace", () => {
  test("is sent at its times, or faster; a conversation's next turn not before its answer", async () => {
    const timed = handMade([[{ atMs: 500 }, { atMs: 501 }], [{ atMs: 100 }]], true);
    const { requests } = await run({ workload: timed, client: { kind: "trace" } });
    const of = (conversation: number, turn: number) =>
      requests.find((each) => each.conversation === conversation && each.turn === turn)!;
    expect([of(0, 0).sentMs, of(1, 0).sentMs]).toEqual([500, 100]);
    expect(of(0, 1).sentMs).toBe(of(0, 0).lastMs);
    const faster = await run({ workload: timed, client: { kind: "trace", speedup: 5 } });
    expect(Math.min(...faster.requests.map(({ sentMs }) => sentMs))).toBe(20);
  });
});
