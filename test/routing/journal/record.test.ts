import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Router, replay } from "../../../src/index.js";
import { VirtualTime } from "../support.js";
import { traffic } from "./traffic.js";

function recorded(options: object = {}): { router: Router; lines: string[]; time: VirtualTime } {
  const time = new VirtualTime();
  const { clock, timers } = time;
  const router = new Router({
    policy: "prefix_aware",
    replicas: [{ id: "a" }, { id: "b" }],
    clock,
    timers,
    ...options,
  });
  const lines: string[] = [];
  router.record((line) => lines.push(line));
  return { router, lines, time };
}

function parsed(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line));
}

afterEach(() => void vi.restoreAllMocks());

describe("a journal", () => {
  test("begins with a header: version, options that matter, replicas without their addresses", () => {
    const { lines } = recorded({
      replicas: [{ id: "a", url: "http://user:secret@host", maxOngoingRequests: 3 }, { id: "b" }],
      matchRateThreshold: 0.2,
      maxQueuedRequests: Number.POSITIVE_INFINITY,
    });
    expect(parsed(lines)[0]).toMatchObject({
      journal: "warmroute",
      version: 1,
      keys: "texts",
      whole: true,
      t: 0,
      options: {
        policy: "prefix_aware",
        seed: 0,
        matchRateThreshold: 0.2,
        maxQueuedRequests: "Infinity",
        ttlSecs: null,
      },
      replicas: [{ id: "a", maxOngoingRequests: 3 }, { id: "b" }],
    });
    expect(lines[0]).not.toContain("secret");
    expect(lines[0]!.endsWith("}\n")).toBe(true);
  });

  test("has a line for all that happens to a request, with the times that were read and the leases that came of it", async () => {
    const { router, lines, time } = recorded({ replicas: [{ id: "a", maxOngoingRequests: 1 }] });
    const first = router.route({ prompt: "Why?" }, { model: "m", session: "s" });
    const waits = router.acquire({ prompt: [1, 2, 3] });
    await time.pass(500);
    first.firstToken();
    first.release({ promptTokens: 4, cachedTokens: 2 });
    const second = await waits;
    second.reject({ queueLength: 3 });
    router.setLoad("a", { running: 2, waiting: 1, kvUsage: 0.5 });
    router.updateReplicas([{ id: "b" }]);
    const third = await router.acquire({ prompt: [1, 2, 3] }, { retryOf: second });
    expect(parsed(lines).slice(1)).toEqual([
      {
        do: "route",
        id: 0,
        text: "Why?",
        ns: '["m",null,null,null]',
        session: "s",
        model: "m",
        t: 0,
        to: [[0, 0, "a", "only_candidate"]],
      },
      { do: "acquire", id: 1, tokens: [1, 2, 3], t: 0 },
      { do: "accept", id: 0 },
      { do: "first", id: 0, t: 0.5 },
      {
        do: "end",
        id: 0,
        how: "released",
        promptTokens: 4,
        cachedTokens: 2,
        t: [0.5, 0.5],
        to: [[1, 0, "a", "only_candidate"]],
      },
      { do: "end", id: 1, how: "rejected", queueLength: 3, t: 0.5 },
      { do: "load", replica: "a", running: 2, waiting: 1, kvUsage: 0.5, at: 0.5 },
      { do: "replicas", list: [{ id: "b" }], t: 0.5 },
      { do: "acquire", id: 1, try: 1, tokens: [1, 2, 3], t: 0.5, to: [[1, 1, "b", "only_candidate"]] },
    ]);
    third.release();
    expect(await replay(lines)).toMatchObject({ requests: 2, decisions: 3, rejected: 1, waited: 1, same: 3 });
  });

  test("tells how the first user message begins, where the text begins otherwise", () => {
    const { router, lines } = recorded();
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Why?" },
    ];
    router.route({ messages }).release();
    router.route({ prompt: null }).release();
    const [, chat, , empty] = parsed(lines);
    expect(chat).toMatchObject({ opening: "Why?", text: expect.stringContaining("Be brief.") });
    expect(empty).not.toHaveProperty("text");
  });

  test("that begins later says so, and begins with the loads that are known", () => {
    const { router } = recorded();
    router.route({ text: "x" }).release();
    router.setLoad("b", { running: 4, waiting: 0 });
    const later: string[] = [];
    router.record((line) => later.push(line));
    expect(parsed(later)).toMatchObject([{ whole: false }, { do: "load", replica: "b", running: 4, waiting: 0 }]);
  });

  test("ends with stop, with using, and with the router; two go on side by side", () => {
    const { router, lines } = recorded();
    const other: string[] = [];
    const recording = router.record((line) => other.push(line), { keys: "hashes", salt: "s" });
    const lease = router.route({ text: "x" });
    expect([lines.length, other.length, recording.lines]).toEqual([2, 2, 2]);
    recording.stop();
    recording.stop();
    lease.release();
    expect([lines.length, other.length]).toEqual([3, 2]);
    {
      using _short = router.record((line) => other.push(line));
    }
    router.route({ text: "y" });
    expect(other.length).toBe(3);
  });

  test("that cannot be written any more ends, is told, and the request goes on", () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const router = new Router({ policy: "random", replicas: [{ id: "a" }] });
    let room = 2;
    router.record(() => {
      if (room-- === 0) throw new Error("disk full");
    });
    router.route({ text: "x" }).release();
    router.route({ text: "y" }).release();
    expect(told).toHaveBeenCalledOnce();
    expect(router.leases).toBe(0);
    expect(room).toBe(-1);
  });

  test("whose header cannot be written ends before the first request, and others go on", () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", maxOngoingRequests: 1 }] });
    const recording = router.record(() => {
      throw new Error("disk full");
    });
    const other: string[] = [];
    router.record((line) => other.push(line));
    router.route({ text: "x" }).release();
    expect(told).toHaveBeenCalledOnce();
    expect([router.leases, recording.lines, other.length]).toEqual([0, 0, 3]);
  });

  test("has no characters at which readline would end a line", async () => {
    const { router, lines } = recorded();
    const text = "one\u2028two\u2029three\r\nfour\u0085";
    router.route({ text }, { session: text }).release();
    const input = Readable.from(lines);
    expect(await replay(createInterface({ input }))).toMatchObject({ requests: 1, same: 1 });
    expect(lines.join("")).not.toMatch(/[\u2028\u2029\r]/);
    expect(parsed(lines)[1]).toMatchObject({ text, session: text });
  });

  test("recording changes no decision", async () => {
    const policy = { policy: "kv_cost", temperature: 0.3 } as const;
    const [texts, hashes] = await Promise.all(
      [{}, { keys: "hashes", salt: "s" } as const].map((record) => traffic(policy, { requests: 500, seed: 9, record })),
    );
    expect(hashes!.decisions).toEqual(texts!.decisions);
  });
});
