import { describe, expect, test } from "vitest";
import { Router } from "../../../src/routing/index.js";
import { workload } from "../../../src/workloads/index.js";
import { JumpingClock } from "../clocks.js";
import { complete, startReplica } from "../support.js";
import { handMade, run, words } from "./support.js";

/** A replica over its fetch handler, in a time that jumps from event to event. */
function replicas(count: number) {
  return Array.from({ length: count }, () => {
    const clock = new JumpingClock();
    const replica = startReplica({ clock });
    return {
      clock,
      async send(prompt: string, outputTokens: number): Promise<number> {
        const { usage } = await complete(replica, { prompt, max_tokens: outputTokens, ignore_eos: true });
        return usage!.prompt_tokens_details?.cached_tokens ?? 0;
      },
    };
  });
}

describe("virtual time and real time agree", () => {
  test("one request after the other: on the order of the replicas, the cached tokens and the latencies", async () => {
    const requests = workload("reference", { seed: 4, requests: 40 });
    const seed = 9;
    const virtual = await run({ workload: requests, seed, client: { kind: "closed", concurrency: 1 } });

    const real = replicas(4);
    const ids = real.map((_, i) => `replica-${i}`);
    const router = new Router({ policy: "prefix_aware", replicas: ids.map((id) => ({ id })), seed, clock: () => 0 });
    const measured: { conversation: number; turn: number; replica: number; cachedTokens: number; latencyMs: number }[] =
      [];
    for (const [conversation, turn] of requests.order) {
      const { prompt, outputTokens } = requests.conversation(conversation)[turn]!;
      const lease = router.route({ text: prompt });
      const replica = ids.indexOf(lease.replica.id);
      const { clock, send } = real[replica]!;
      const startMs = clock.now();
      const cachedTokens = await send(prompt, outputTokens);
      lease.release({ cachedTokens });
      measured.push({ conversation, turn, replica, cachedTokens, latencyMs: clock.now() - startMs });
    }
    router[Symbol.dispose]();

    const ofVirtual = virtual.requests.map(({ conversation, turn, replica, cachedTokens }) => ({
      conversation,
      turn,
      replica,
      cachedTokens,
    }));
    expect(measured.map(({ latencyMs: _, ...others }) => others)).toEqual(ofVirtual);
    expect(measured.some(({ cachedTokens }) => cachedTokens > 0)).toBe(true);
    virtual.requests.forEach(({ sentMs, lastMs }, i) => {
      // A host's timers have whole milliseconds.
      expect(Math.abs(measured[i]!.latencyMs - (lastMs - sentMs))).toBeLessThanOrEqual(1);
    });
  });

  test("all at once on one replica: on the cached tokens, of those that are computed meanwhile too", async () => {
    // More than a step's budget of one prefix: who is scheduled later finds the blocks of those before.
    const prompts = Array.from({ length: 8 }, (_, i) => `${words(600 + 50 * i, "shared")} ${words(20, `tail${i}`)}`);
    const burst = handMade(prompts.map((prompt) => [{ prompt, outputTokens: 20 }]));
    const client = { kind: "closed", concurrency: 8, rate: Number.POSITIVE_INFINITY } as const;
    const virtual = await run({ workload: burst, replicas: 1, client });
    const [real] = replicas(1);
    const cached = await Promise.all(prompts.map((prompt) => real!.send(prompt, 20)));
    const ofVirtual = [...virtual.requests].sort((a, b) => a.conversation - b.conversation);
    expect(cached).toEqual(ofVirtual.map(({ cachedTokens }) => cachedTokens));
    expect(cached.some((tokens) => tokens >= 600)).toBe(true);
  });
});
