import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Lease, type ReplicaOptions, Router, type RouterOptions } from "../../../src/index.js";

const routers: Router[] = [];
afterEach(() => {
  for (const router of routers.splice(0)) router[Symbol.dispose]();
});

let now = 0;
function makeRouter(options: Partial<RouterOptions> & { replicas: readonly ReplicaOptions[] }): Router {
  now = 0;
  const router = new Router({ policy: "prefix_aware", rendering: "reference", clock: () => ++now, ...options });
  routers.push(router);
  return router;
}

const replicas = (...ids: string[]): ReplicaOptions[] => ids.map((id) => ({ id }));

/** Puts text into the tree as if it had been served by that replica before, and leaves no lease behind. */
function serve(router: Router, id: string, text: string): void {
  router.tree!.insert(text, id, ++now);
}

/** Holds `count` leases on that replica, whatever the policy thinks. */
function load(router: Router, id: string, count: number): Lease[] {
  const others = new Set(router.replicas.map((replica) => replica.id).filter((other) => other !== id));
  return Array.from({ length: count }, () => router.route({ text: "" }, { exclude: others }));
}

describe("prefix_aware", () => {
  test("chooses the owner of the longest matching prefix, for a prompt and for messages cut in pieces", () => {
    const router = makeRouter({ replicas: replicas("a", "b") });
    serve(router, "a", "Hello world");
    serve(router, "b", "Other text that is longer");
    for (const request of [
      { prompt: "Hello there" },
      {
        messages: [
          { role: "user", content: "Hel" },
          { role: "user", content: [{ type: "text", text: "lo there" }] },
        ],
      },
    ]) {
      const lease = router.route(request);
      const { decision } = lease;
      lease.reject();
      // "Hello " is 6 of 11 characters.
      expect(decision).toMatchObject({ replica: "a", reason: "prefix_match", matchedChars: 6, textChars: 11 });
      expect(decision.matchRate).toBeCloseTo(6 / 11, 12);
    }
  });

  test("counts characters, not UTF-16 units, in the match rate", () => {
    const router = makeRouter({ replicas: replicas("a", "b"), matchRateThreshold: 0.5 });
    serve(router, "a", "😀x");
    const { decision } = router.route({ text: "😀😀" });
    expect(decision).toMatchObject({ matchedChars: 1, textChars: 2, matchRate: 0.5, reason: "prefix_match" });
  });

  test.each([
    ["at the threshold the match counts", 0.1, "prefix_match", "a"],
    ["below it the smallest tenant is chosen", 0.1000001, "smallest_tenant", "b"],
    ["at 0 even a miss names everyone", 0, "prefix_match", undefined],
  ])("match rate: %s", (_name, matchRateThreshold, reason, replica) => {
    const router = makeRouter({ replicas: replicas("a", "b", "c"), matchRateThreshold });
    serve(router, "a", "1");
    serve(router, "c", "22");
    const text = matchRateThreshold === 0 ? "zzzzzzzzzz" : "1000000000";
    const { decision } = router.route({ text });
    expect(decision.reason).toBe(reason);
    if (replica !== undefined) expect(decision.replica).toBe(replica);
  });

  test.each([{}, { prompt: "" }, { prompt: [1, 2, 3] }, { messages: [] }, { messages: 5 }])(
    "what has no text, as %j, goes to the shorter queue of two, whoever is the smallest tenant",
    (request) => {
      const router = makeRouter({ replicas: replicas("a", "b") });
      serve(router, "a", "something");
      load(router, "b", 1);
      const { decision } = router.route(request);
      expect(decision).toMatchObject({ replica: "a", reason: "two_choices", matchRate: 0, textChars: 0 });
      load(router, "a", 2);
      expect(router.route(request).decision.replica).toBe("b");
    },
  );

  test("only candidates count as smallest tenants", () => {
    const router = makeRouter({ replicas: [{ id: "a", maxOngoingRequests: 1 }, { id: "b" }, { id: "c" }] });
    serve(router, "b", "22");
    serve(router, "c", "333");
    load(router, "a", 1);
    expect(router.route({ text: "new" }).decision).toMatchObject({ replica: "b", reason: "smallest_tenant" });
  });

  test.each([
    [1, "imbalanced", "b"],
    [2, "prefix_match", "a"],
  ])("with threshold %d and queues of 2 and 0 the reason is %s", (imbalancedThreshold, reason, replica) => {
    const router = makeRouter({ replicas: replicas("a", "b"), imbalancedThreshold });
    serve(router, "a", "Hello world");
    load(router, "a", 2);
    expect(router.route({ text: "Hello world" }).decision).toMatchObject({ reason, replica });
  });

  test("never leaves a full match by default, however long the queue (the older default of 10 does)", () => {
    for (const [threshold, replica] of [
      [undefined, "a"],
      [10, "b"],
    ] as const) {
      const router = makeRouter({
        replicas: replicas("a", "b"),
        ...(threshold === undefined ? {} : { imbalancedThreshold: threshold }),
      });
      serve(router, "a", "Hello world");
      load(router, "a", 11);
      expect(router.route({ text: "Hello world" }).decision.replica).toBe(replica);
    }
  });

  test.each(["a", "b", "c"])("among several owners the shortest queue wins, always: %s", (shortest) => {
    const router = makeRouter({ replicas: replicas("a", "b", "c") });
    for (const id of ["a", "b", "c"]) {
      serve(router, id, "shared prompt");
      load(router, id, id === shortest ? 1 : 2);
    }
    for (let i = 0; i < 20; i++) {
      const lease = router.route({ text: "shared prompt" });
      expect(lease.replica.id).toBe(shortest);
      lease.release();
    }
  });

  test("ties go to chance, not to list order", () => {
    const router = makeRouter({ replicas: replicas("a", "b", "c", "d") });
    for (const id of ["a", "b", "c", "d"]) serve(router, id, "shared prompt");
    const counts = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const lease = router.route({ text: "shared prompt" });
      counts.set(lease.replica.id, (counts.get(lease.replica.id) ?? 0) + 1);
      lease.release();
    }
    for (const id of ["a", "b", "c", "d"]) expect(counts.get(id)).toBeGreaterThan(60);
  });

  test("60 unrelated prompts reach all of 4 replicas, none more than half", () => {
    const router = makeRouter({ replicas: replicas("a", "b", "c", "d") });
    const counts = new Map<string, number>();
    for (let i = 0; i < 60; i++) {
      const lease = router.route({ text: `${String.fromCharCode(0x4e00 + i)} ${"x".repeat(50)}` });
      counts.set(lease.replica.id, (counts.get(lease.replica.id) ?? 0) + 1);
      lease.accept();
      lease.release();
    }
    expect([...counts.keys()].sort()).toEqual(["a", "b", "c", "d"]);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(30);
  });

  test("4 prompts, 5 times each and interleaved, stay each on one replica", () => {
    const router = makeRouter({ replicas: replicas("a", "b", "c", "d") });
    const homes = new Map<number, Set<string>>();
    for (let turn = 0; turn < 5; turn++) {
      for (let prompt = 0; prompt < 4; prompt++) {
        const lease = router.route({ text: `${prompt} ${"x".repeat(100)}${"y".repeat(turn * 20)}` });
        homes.set(prompt, (homes.get(prompt) ?? new Set()).add(lease.replica.id));
        lease.accept();
        lease.release();
      }
    }
    expect([...homes.values()].map((set) => set.size)).toEqual([1, 1, 1, 1]);
  });

  describe("insertAt", () => {
    const burst = (insertAt: "choice" | "accept"): number => {
      const router = makeRouter({ replicas: replicas("a", "b", "c", "d"), insertAt });
      const leases = Array.from({ length: 20 }, () => router.route({ text: "one new prefix for all" }));
      return new Set(leases.map(({ replica }) => replica.id)).size;
    };

    test('"choice" keeps a burst of one new prefix together; "accept" scatters it', () => {
      expect(burst("choice")).toBe(1);
      expect(burst("accept")).toBe(4);
    });

    test('"choice" inserts once: accepting does not touch the tree again', () => {
      const router = makeRouter({ replicas: replicas("a") });
      const lease = router.route({ text: "hello" });
      router.route({ text: "help" });
      const before = router.tree!.inspect();
      lease.accept();
      expect(router.tree!.inspect()).toEqual(before);
    });

    test('"accept" inserts when the replica has accepted, once', () => {
      const router = makeRouter({ replicas: replicas("a"), insertAt: "accept" });
      const lease = router.route({ text: "hello" });
      expect(router.tree!.tenantToCharCount.get("a")).toBe(0);
      lease.accept();
      lease.accept();
      expect(router.tree!.tenantToCharCount.get("a")).toBe(5);
      router.route({ text: "other" }).release();
      expect(router.tree!.tenantToCharCount.get("a")).toBe(5);
    });

    test("a rejected choice takes back what it newly added, and no more", () => {
      const router = makeRouter({ replicas: replicas("a") });
      serve(router, "a", "head and tail");
      const lease = router.route({ text: "head and more" });
      expect(router.tree!.tenantToCharCount.get("a")).toBe(13 + 4);
      lease.reject();
      expect(router.tree!.tenantToCharCount.get("a")).toBe(13);
      expect(router.tree!.prefixMatch("head and more").matchedText).toBe("head and ");
    });

    test("a rejected choice of a new text leaves the tree as it was, but for the root's time", () => {
      const router = makeRouter({ replicas: replicas("a") });
      serve(router, "a", "kept");
      const nodes = (): unknown => router.tree!.inspect().nodes.slice(1);
      const before = { nodes: nodes(), recency: router.tree!.inspect().recency };
      router.route({ text: "something else" }).reject();
      expect({ nodes: nodes(), recency: router.tree!.inspect().recency }).toEqual(before);
    });

    test("a rejection leaves what another request has touched since", () => {
      const router = makeRouter({ replicas: replicas("a") });
      const first = router.route({ text: "new prefix" });
      const second = router.route({ text: "new prefix and on" });
      first.reject();
      expect(router.tree!.prefixMatch("new prefix and on").matchedChars).toBe(17);
      second.reject();
      expect(router.tree!.tenantToCharCount.get("a")).toBe(10);
    });
  });

  describe("doEviction", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test("after one interval a replica above the threshold owns no more than the target", () => {
      const router = makeRouter({
        replicas: replicas("a", "b"),
        doEviction: true,
        evictionThresholdChars: 10,
        evictionTargetChars: 5,
        evictionIntervalSecs: 2,
      });
      for (const text of ["four", "more", "last!"]) serve(router, "a", text);
      serve(router, "b", "ten chars.");
      vi.advanceTimersByTime(1999);
      expect(router.tree!.tenantToCharCount.get("a")).toBe(13);
      vi.advanceTimersByTime(1);
      // 13 > 10: the two oldest texts go, 4 characters each, since at least 13 - 5 have to. 10 is not above 10.
      expect([...router.tree!.tenantToCharCount]).toEqual([
        ["a", 5],
        ["b", 10],
      ]);
    });

    test("the target is the threshold at most, also by default", () => {
      const router = makeRouter({ replicas: replicas("a"), doEviction: true, evictionThresholdChars: 10 });
      for (const text of ["1234", "abcdefgh"]) serve(router, "a", text);
      vi.advanceTimersByTime(10_000);
      expect(router.tree!.tenantToCharCount.get("a")).toBe(8);
    });

    test("no loop runs unless asked for, after dispose, or for a router that could not be made", () => {
      makeRouter({ replicas: replicas("a") });
      expect(vi.getTimerCount()).toBe(0);
      const router = makeRouter({ replicas: replicas("a"), doEviction: true });
      expect(vi.getTimerCount()).toBe(1);
      router[Symbol.dispose]();
      expect(vi.getTimerCount()).toBe(0);
      expect(() => makeRouter({ replicas: replicas("a"), doEviction: true, clock: () => Number.NaN })).toThrow();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  describe("spill", () => {
    /** a and b hold all of the text, c half of it and d none; a and b have room for one request each. */
    const warm = (options: Partial<RouterOptions> = {}): Router => {
      const limited = { maxOngoingRequests: 1 };
      const router = makeRouter({
        replicas: [{ id: "a", ...limited }, { id: "b", ...limited }, { id: "c" }, { id: "d" }],
        ...options,
      });
      for (const id of ["a", "b"]) serve(router, id, "a text of two halves");
      serve(router, "c", "a text of ");
      return router;
    };
    const request = { text: "a text of two halves" };
    const isWaiting = async (router: Router): Promise<boolean> => {
      await Promise.resolve();
      return router.waiting === 1;
    };

    test('"none": a holder with room takes it; when all are full it waits for one, though others have room', async () => {
      const router = warm();
      const leases = [await router.acquire(request), await router.acquire(request)];
      expect(new Set(leases.map(({ replica }) => replica.id))).toEqual(new Set(["a", "b"]));
      const waits = router.acquire(request);
      expect(await isWaiting(router)).toBe(true);
      // Another text has no reason to wait.
      expect((await router.acquire({ text: "something else" })).replica.id).toBe("d");
      const { replica } = leases[1]!;
      leases[1]!.release();
      const lease = await waits;
      expect(lease.decision).toMatchObject({ replica: replica.id, reason: "prefix_match", hitChosen: 20 });
    });

    test('"per-replica": it goes to the next best', async () => {
      const router = warm({ spill: "per-replica" });
      const leases = [await router.acquire(request), await router.acquire(request), await router.acquire(request)];
      expect(leases[2]!.decision).toMatchObject({
        replica: "c",
        reason: "prefix_match",
        hitAvailable: 10,
        hitChosen: 10,
      });
    });

    test("route, which cannot wait, goes to the next best in any case", () => {
      const router = warm();
      const leases = [router.route(request), router.route(request), router.route(request)];
      expect(leases[2]!.decision).toMatchObject({ replica: "c", reason: "prefix_match", hitChosen: 10 });
    });

    test("what waits is in no tree", async () => {
      const router = warm();
      for (const id of ["a", "b"]) load(router, id, 1);
      const before = [...router.tree!.tenantToCharCount];
      const gone = new AbortController();
      const waits = router.acquire({ text: "a text of two halves, and more" }, { signal: gone.signal });
      expect(await isWaiting(router)).toBe(true);
      expect([...router.tree!.tenantToCharCount]).toEqual(before);
      gone.abort(new Error("left"));
      await expect(waits).rejects.toThrow("left");
      expect([...router.tree!.tenantToCharCount]).toEqual(before);
    });
  });

  test("an explained decision shows what every candidate had been sent before", () => {
    const router = makeRouter({ replicas: replicas("a", "b", "c") });
    serve(router, "a", "a text");
    serve(router, "b", "a text of some length");
    const { decision } = router.route({ text: "a text of some length, and more" }, { explain: true });
    expect(decision).toMatchObject({ replica: "b", hitAvailable: 21, hitChosen: 21 });
    expect(decision.candidates.map(({ matchedChars }) => matchedChars)).toEqual([6, 21, 0]);
  });

  test("bounds of the tree are options: maxBytes, maxChars, ttlSecs", () => {
    const router = makeRouter({ replicas: replicas("a"), maxBytes: 2 ** 20, maxChars: 10, ttlSecs: 3 });
    expect(router.tree!.stats().memoryBytes).toBeLessThanOrEqual(2 ** 20);
    router.route({ text: "12345678" });
    router.route({ text: "abcdefgh" });
    expect(router.tree!.stats().chars).toBeLessThanOrEqual(10);
    now += 10;
    expect(router.route({ text: "abcdefgh" }).decision.hitAvailable).toBe(0);
  });
});
