import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type ForgottenLease, type LeaseReport, Router } from "../../src/index.js";
import { collectGarbage, named, settled, virtualRouter } from "./support.js";

const replicas = [{ id: "a" }];

describe("what is told when a lease ends", () => {
  test("the report as it is, at the time of the end", async () => {
    const { router, time, events } = virtualRouter({ replicas });
    const lease = router.route({ text: "x" });
    await time.pass(2000);
    lease.release({ ttftMs: 80, cachedTokens: 16, promptTokens: 40, completionTokens: 7 });
    expect(events.at(-1)).toBe(
      'released a {"timeS":2,"ttftMs":80,"cachedTokens":16,"promptTokens":40,"completionTokens":7}',
    );
    expect(lease.end).toBe("released");
  });

  test("the first token is told of once, is an acceptance, and its time is measured", async () => {
    const { router, time, events } = virtualRouter({ replicas });
    const lease = router.route({ text: "x" });
    await time.pass(250);
    lease.firstToken();
    await time.pass(250);
    lease.firstToken();
    lease.release();
    expect(events).toEqual([
      "routed a x",
      "accepted a x",
      "first token a 0.25",
      'released a {"timeS":0.5,"ttftMs":250}',
    ]);
  });

  test("what is not known may be null, as engines say it", () => {
    const { router, events } = virtualRouter({ replicas });
    router.route({ text: "" }).release({ cachedTokens: null, promptTokens: 3, ttftMs: undefined });
    expect(events.at(-1)).toBe('released a {"timeS":0,"promptTokens":3}');
  });

  test.each<[unknown, string]>([
    [{ cachedTokens: -1 }, "cachedTokens must be a finite number, 0 or more, not -1"],
    [{ ttftMs: Number.NaN }, "ttftMs must be a finite number, 0 or more, not NaN"],
    [{ promptTokens: "3" }, 'promptTokens must be a number, 0 or more, not "3"'],
    [null, "the report must be an object, not null"],
  ])("refuses %j, and the lease stays", (report, message) => {
    const { router } = virtualRouter({ replicas });
    const lease = router.route({ text: "" });
    expect(() => lease.release(report as LeaseReport)).toThrow(message);
    expect(lease.live).toBe(true);
  });

  test("using releases at the end of the block, also when it is left by an error, and after a release", () => {
    const { router, events } = virtualRouter({ replicas });
    const fail = (releases: boolean) => {
      using lease = router.route({ text: "" });
      if (releases) lease.release({ error: new Error("told") });
      throw new Error("left");
    };
    expect(() => fail(false)).toThrow("left");
    expect(() => fail(true)).toThrow("left");
    expect(router.leases).toBe(0);
    expect(events.filter((event) => event.startsWith("released"))).toEqual([
      'released a {"timeS":0}',
      'released a {"timeS":0} told',
    ]);
  });

  test("a policy that throws at the end frees the place all the same", async () => {
    const policy = {
      ...named(),
      onReleased() {
        throw new Error("no");
      },
    };
    const router = new Router({ policy, replicas: [{ id: "a", maxOngoingRequests: 1 }] });
    const lease = router.route({ text: "" });
    const waiting = router.acquire({ text: "" });
    await settled();
    expect(() => lease.release()).toThrow("no");
    expect((await waiting).live).toBe(true);
    expect(router.leases).toBe(1);
  });
});

describe("a lease tied to a signal", () => {
  test("pitfall: decrement missed on abort", () => {
    const { router, events } = virtualRouter({ replicas });
    const controller = new AbortController();
    const lease = router.route({ text: "x" }, { signal: controller.signal });
    lease.accept();
    controller.abort(new Error("client left"));
    expect([router.leases, lease.live, lease.end]).toEqual([0, false, "aborted"]);
    expect(events.at(-1)).toBe('released a {"timeS":0} client left');
    lease.release();
    expect(router.leases).toBe(0);
  });

  test("an abort after the end does nothing", () => {
    const { router, events } = virtualRouter({ replicas });
    const controller = new AbortController();
    router.route({ text: "" }, { signal: controller.signal }).release();
    const before = events.length;
    controller.abort();
    expect([router.leases, events.length]).toEqual([0, before]);
  });

  test("one that has aborted already gets none", () => {
    const { router } = virtualRouter({ replicas });
    expect(() => router.route({ text: "" }, { signal: AbortSignal.abort(new Error("gone")) })).toThrow("gone");
    expect(router.leases).toBe(0);
  });
});

describe("a lease with an idle limit", () => {
  test("ends when it has shown no sign of life for so long", async () => {
    const { router, time, events } = virtualRouter({ replicas, leaseIdleSecs: 10 });
    const [silent, busy] = [router.route({ text: "1" }), router.route({ text: "2" })];
    await time.pass(5000);
    busy.accept();
    await time.pass(4000);
    busy.firstToken();
    expect([silent.live, busy.live]).toEqual([true, true]);
    await time.pass(1000);
    expect([silent.end, busy.end]).toEqual(["idle", null]);
    expect(events.at(-1)).toBe('released a {"timeS":10} the lease was idle for 10 s');
    await time.pass(8000);
    busy.touch();
    await time.pass(9999);
    expect(busy.live).toBe(true);
    await time.pass(1);
    expect([busy.end, router.leases, time.pending]).toEqual(["idle", 0, 0]);
  });

  test("ended ones are forgotten", async () => {
    const { router, time } = virtualRouter({ replicas, leaseIdleSecs: 10 });
    router.route({ text: "" }).release();
    const lease = router.route({ text: "" });
    await time.pass(5000);
    lease.touch();
    await time.pass(9999);
    expect(lease.live).toBe(true);
    await time.pass(1);
    expect(lease.end).toBe("idle");
  });
});

describe("a forgotten lease", () => {
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let i = 0; i < 1000 && !isSo(); i++) {
      collectGarbage();
      await settled();
    }
  };

  test("is told of, and its place is free again", async () => {
    const told: ForgottenLease[] = [];
    const { router, events } = virtualRouter({
      replicas: [{ id: "a", maxOngoingRequests: 2 }],
      onForgottenLease: (lease) => void told.push(lease),
    });
    const kept = router.route({ text: "kept" });
    (() => router.route({ text: "x" }, { signal: new AbortController().signal }).accept())();
    const waiting = router.acquire({ text: "waits" });
    await until(() => told.length > 0);
    expect(told).toEqual([{ replica: "a", timeS: 0, accepted: true }]);
    expect((await waiting).live).toBe(true);
    expect(events.filter((event) => event.startsWith("released"))).toEqual([
      'released a {"timeS":0} the lease was never released',
    ]);
    expect([kept.live, router.leases]).toEqual([true, 2]);
  });

  test("one that has ended is not", async () => {
    const told: ForgottenLease[] = [];
    const { router } = virtualRouter({ replicas, onForgottenLease: (lease) => void told.push(lease) });
    let collected = false;
    const registry = new FinalizationRegistry(() => {
      collected = true;
    });
    (() => {
      const lease = router.route({ text: "" });
      lease.release();
      registry.register(lease, 0);
    })();
    await until(() => collected);
    expect([collected, told]).toEqual([true, []]);
  });

  test("is watched for by no timer once its router is disposed of", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { router } = virtualRouter({ replicas });
    const lease = router.route({ text: "" });
    router.route({ text: "" }).release();
    expect(vi.getTimerCount()).toBe(1);
    router[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    lease.release();
    expect(lease.end).toBe("released");
  });
});
