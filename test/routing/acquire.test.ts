import { describe, expect, test } from "vitest";
import { type Lease, NoReplicaError, type Policy, QueueFullError, QueueTimeoutError } from "../../src/index.js";
import { named, settled, virtualRouter } from "./support.js";

/** How a promise stands. */
function watch(promise: Promise<Lease>): { lease: Lease | null; error: unknown } {
  const state: { lease: Lease | null; error: unknown } = { lease: null, error: null };
  promise.then(
    (lease) => {
      state.lease = lease;
    },
    (error) => {
      state.error = error;
    },
  );
  return state;
}

const one = (maxOngoingRequests = 1) => [{ id: "a", maxOngoingRequests }];
const two = [
  { id: "a", maxOngoingRequests: 1 },
  { id: "b", maxOngoingRequests: 1 },
];

describe("acquire", () => {
  test("gives a place at once while there is one", async () => {
    const { router } = virtualRouter({ replicas: one() });
    const lease = await router.acquire({ text: "x" });
    expect(lease.replica.id).toBe("a");
    expect(router.waiting).toBe(0);
  });

  test("waits while every replica is full, and gets the place that becomes free", async () => {
    const { router, events } = virtualRouter({ replicas: one() });
    const held = router.route({ text: "1" });
    const waiting = watch(router.acquire({ text: "2" }));
    await settled();
    expect([router.waiting, waiting.lease]).toEqual([1, null]);
    held.release();
    await settled();
    expect(waiting.lease?.replica.id).toBe("a");
    expect([router.waiting, router.leases]).toEqual([0, 1]);
    expect(events).toEqual(["routed a 1", 'released a {"timeS":0}', "routed a 2"]);
  });

  test("a place that is free for a moment cannot be taken by one that came later", async () => {
    const { router } = virtualRouter({ replicas: one() });
    const held = router.route({ text: "" });
    const waiting = watch(router.acquire({ text: "" }));
    await settled();
    held.release();
    expect(() => router.route({ text: "" })).toThrow(NoReplicaError);
    await settled();
    expect(waiting.lease?.live).toBe(true);
  });

  test("the oldest one waiting is served first", async () => {
    const { router } = virtualRouter({ replicas: one(), matching: "fifo" });
    const held = router.route({ text: "" });
    const waiting = [1, 2, 3].map((i) => watch(router.acquire({ text: `${i}` })));
    await settled();
    held.release();
    await settled();
    expect(waiting.map(({ lease }) => lease !== null)).toEqual([true, false, false]);
    waiting[0]!.lease!.release();
    await settled();
    expect(waiting.map(({ lease }) => lease !== null)).toEqual([true, true, false]);
  });

  test.each([
    ["exact", "the request that the policy would send there", [false, true]],
    ["fifo", "the oldest", [true, false]],
  ] as const)("matching %s: a freed place goes to %s", async (matching, _whom, served) => {
    const { router } = virtualRouter({ replicas: two, matching });
    const [a, b] = [router.route({ text: "a" }), router.route({ text: "b" })];
    const waiting = [watch(router.acquire({ text: "a2" })), watch(router.acquire({ text: "b2" }))];
    await settled();
    b!.release();
    await settled();
    expect(waiting.map(({ lease }) => lease !== null)).toEqual(served);
    a!.release();
    await settled();
    expect(waiting.map(({ lease }) => lease?.replica.id)).toEqual(matching === "exact" ? ["a", "b"] : ["b", "a"]);
  });

  test("matching exact: a freed place that nobody is meant for goes to the oldest rather than to nobody", async () => {
    const { router } = virtualRouter({ replicas: two });
    const [, b] = [router.route({ text: "a" }), router.route({ text: "b" })];
    const waiting = [watch(router.acquire({ text: "a2" })), watch(router.acquire({ text: "a3" }))];
    await settled();
    b.release();
    await settled();
    expect(waiting.map(({ lease }) => lease?.replica.id)).toEqual(["b", undefined]);
  });

  test("one that came before any replica had a model waits for a replica of its model", async () => {
    const { router } = virtualRouter({ replicas: [] });
    const waiting = watch(router.acquire({ model: "m", text: "x" }));
    router.updateReplicas([
      { id: "a", model: "other" },
      { id: "b", model: "m" },
    ]);
    await settled();
    expect(waiting.lease?.replica.id).toBe("b");
  });

  test("a request that no replica may serve any more, after a change, is turned away", async () => {
    const { router } = virtualRouter({ replicas: [{ id: "a", model: "m", maxOngoingRequests: 1 }] });
    router.route({ text: "", model: "m" } as never);
    const waiting = router.acquire({ text: "" }, { model: "m" });
    router.updateReplicas([{ id: "b", model: "n" }]);
    await expect(waiting).rejects.toThrow(NoReplicaError);
    expect(router.waiting).toBe(0);
  });

  test("a request whose signal ends the lease that it waits for is turned away, too", async () => {
    const { router } = virtualRouter({ replicas: one() });
    const controller = new AbortController();
    router.route({ text: "" }, { signal: controller.signal });
    const waiting = router.acquire({ text: "" }, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect([router.leases, router.waiting]).toEqual([0, 0]);
  });

  test("a rejected lease of another router cannot be put back here", async () => {
    const [first, second] = [virtualRouter({ replicas: one() }), virtualRouter({ replicas: one() })];
    const lease = first.router.route({ text: "" });
    lease.reject();
    const refused = second.router.acquire({ text: "" }, { retryOf: lease });
    await expect(refused).rejects.toThrow(new TypeError("retryOf must be a lease of this router"));
    // It still can where it came from.
    expect((await first.router.acquire({ text: "" }, { retryOf: lease })).live).toBe(true);
  });

  test("a full queue refuses, with the numbers", async () => {
    const { router } = virtualRouter({ replicas: one(), maxQueuedRequests: 2 });
    router.route({ text: "" });
    const waiting = [1, 2, 3].map(() => watch(router.acquire({ text: "" })));
    await settled();
    expect(router.waiting).toBe(2);
    expect(waiting[2]!.error).toBeInstanceOf(QueueFullError);
    expect(waiting[2]!.error).toMatchObject({
      message: "no place to wait in: 2 requests wait for 1 replicas, and maxQueuedRequests is 2",
      waiting: 2,
      maxQueuedRequests: 2,
      replicas: 1,
    });
  });

  test("a queue of none never waits", async () => {
    const { router } = virtualRouter({ replicas: one(), maxQueuedRequests: 0 });
    await router.acquire({ text: "" });
    await expect(router.acquire({ text: "" })).rejects.toThrow(QueueFullError);
  });

  test("too long a wait ends, with the numbers", async () => {
    const { router, time } = virtualRouter({ replicas: two, queueTimeoutMs: 100 });
    for (const id of ["a", "b"]) router.route({ text: id });
    const first = watch(router.acquire({ text: "" }, { timeoutMs: 1000 }));
    const second = watch(router.acquire({ text: "" }));
    await time.pass(99);
    expect(second.error).toBeNull();
    await time.pass(1);
    expect(second.error).toBeInstanceOf(QueueTimeoutError);
    expect(second.error).toMatchObject({ timeoutMs: 100, ahead: 1, waiting: 1, replicas: 2, full: 2 });
    expect((second.error as Error).message).toBe(
      "no replica took the request within 100 ms: 2 of 2 are full, 1 requests wait, 1 of them before this one",
    );
    await time.pass(900);
    expect(first.error).toBeInstanceOf(QueueTimeoutError);
    expect([router.waiting, router.leases, time.pending]).toEqual([0, 2, 0]);
  });

  test("a served request leaves no timer and no listener behind", async () => {
    const { router, time } = virtualRouter({ replicas: one() });
    const held = router.route({ text: "" });
    const waiting = router.acquire({ text: "" }, { timeoutMs: 100 });
    held.release();
    (await waiting).release();
    expect(time.pending).toBe(0);
  });

  test("its signal ends a wait with the signal's reason", async () => {
    const { router } = virtualRouter({ replicas: one() });
    router.route({ text: "" });
    const controller = new AbortController();
    const waiting = watch(router.acquire({ text: "" }, { signal: controller.signal }));
    await settled();
    controller.abort(new Error("enough"));
    await settled();
    expect(waiting.error).toEqual(new Error("enough"));
    expect(router.waiting).toBe(0);
    await expect(router.acquire({ text: "" }, { signal: controller.signal })).rejects.toThrow("enough");
  });

  test("a signal that aborts between the grant and its arrival frees the place", async () => {
    const { router } = virtualRouter({ replicas: one() });
    const held = router.route({ text: "" });
    const controller = new AbortController();
    const waiting = watch(router.acquire({ text: "" }, { signal: controller.signal }));
    await settled();
    held.release();
    controller.abort(new Error("enough"));
    await settled();
    expect([waiting.lease, waiting.error]).toEqual([null, new Error("enough")]);
    expect(router.leases).toBe(0);
  });

  test("without any replica it waits for one", async () => {
    const { router } = virtualRouter({ replicas: [] });
    const waiting = watch(router.acquire({ text: "" }));
    await settled();
    expect(router.waiting).toBe(1);
    router.updateReplicas(one());
    await settled();
    expect(waiting.lease?.replica.id).toBe("a");
  });

  test("does not wait for what can never be", async () => {
    const { router } = virtualRouter({ replicas: [{ id: "a", model: "m", maxOngoingRequests: 1 }] });
    router.route({ text: "" });
    await expect(router.acquire({ text: "" }, { model: "other" })).rejects.toThrow(
      "none of 1 replicas can be chosen: 0 full, 0 excluded, 1 with another model",
    );
    await expect(router.acquire({ text: "" }, { exclude: new Set(["a"]) })).rejects.toThrow(NoReplicaError);
  });

  test("a freed place passes over a request that may not use it", async () => {
    const { router } = virtualRouter({
      replicas: [
        { id: "a", model: "m", maxOngoingRequests: 1 },
        { id: "b", model: "n", maxOngoingRequests: 1 },
      ],
    });
    const [, b] = ["m", "n"].map((model) => router.route({ text: "" }, { model }));
    const waiting = ["m", "n"].map((model) => watch(router.acquire({ text: "" }, { model })));
    await settled();
    b!.release();
    await settled();
    expect(waiting.map(({ lease }) => lease?.replica.id)).toEqual([undefined, "b"]);
  });

  test("a replica that is removed while a request waits for it: the request is meant for another from then on", async () => {
    const { router } = virtualRouter({ replicas: two });
    const [a, b] = [router.route({ text: "a" }), router.route({ text: "b" })];
    const waiting = watch(router.acquire({ text: "a2" }));
    await settled();
    router.updateReplicas([two[1]!]);
    await settled();
    expect([waiting.lease, waiting.error, router.waiting]).toEqual([null, null, 1]);
    a!.release();
    await settled();
    expect(waiting.lease).toBeNull();
    b!.release();
    await settled();
    expect(waiting.lease?.replica.id).toBe("b");
    expect(router.leases).toBe(1);
  });

  test("all replicas gone, and others come: who waits is served by them", async () => {
    const { router } = virtualRouter({ replicas: one() });
    router.route({ text: "" });
    const waiting = watch(router.acquire({ text: "" }));
    await settled();
    router.updateReplicas([]);
    await settled();
    expect(router.waiting).toBe(1);
    router.updateReplicas([{ id: "c" }]);
    await settled();
    expect(waiting.lease?.replica.id).toBe("c");
  });

  test("a higher limit serves as many as it lets in", async () => {
    const { router } = virtualRouter({ replicas: one(1) });
    router.route({ text: "" });
    const waiting = [1, 2, 3].map(() => watch(router.acquire({ text: "" })));
    await settled();
    router.updateReplicas(one(3));
    await settled();
    expect(waiting.map(({ lease }) => lease !== null)).toEqual([true, true, false]);
  });

  test("dispose turns away who waits", async () => {
    const { router, time } = virtualRouter({ replicas: one() });
    router.route({ text: "" });
    const waiting = watch(router.acquire({ text: "" }, { timeoutMs: 100 }));
    await settled();
    router[Symbol.dispose]();
    await settled();
    expect(waiting.error).toEqual(new TypeError("Router used after dispose"));
    expect(time.pending).toBe(0);
    await expect(router.acquire({ text: "" })).rejects.toThrow("Router used after dispose");
  });

  test("matching exact: a policy may have a request wait for a full replica though others have room", async () => {
    const policy: Policy = {
      ...named(),
      choose({ key, candidates, full = [] }) {
        const replica = [...candidates, ...full].find(({ id }) => key.text.startsWith(id))!;
        return { replica, reason: "prefix_match", matchedChars: 0 };
      },
    };
    const { router } = virtualRouter({ replicas: [...two, { id: "c", maxOngoingRequests: 1 }], policy });
    const [a, b] = [router.route({ text: "a" }), router.route({ text: "b" })];
    const insists = watch(router.acquire({ text: "a2" }));
    await settled();
    expect(router.waiting).toBe(1);
    // Places that it is not meant for go by.
    b.release();
    expect(router.route({ text: "b" }).live).toBe(true);
    expect((await router.acquire({ text: "c" })).replica.id).toBe("c");
    a.release();
    await settled();
    expect(insists.lease?.replica.id).toBe("a");
    // Without matching exact, and in route, it is not asked: there is no such choice.
    const fifo = virtualRouter({ replicas: two, policy, matching: "fifo" }).router;
    fifo.route({ text: "a" });
    await expect(fifo.acquire({ text: "a2" })).rejects.toThrow();
  });

  test("a policy that fails in a choice for one that waits fails that one, and the place stays free", async () => {
    let fails = false;
    const policy: Policy = {
      name: "fails",
      tree: null,
      choose({ candidates }) {
        if (fails) throw new Error("no choice");
        return { replica: candidates[0]!, reason: "only_candidate", matchedChars: 0 };
      },
    };
    const { router } = virtualRouter({ replicas: one(), policy });
    const held = router.route({ text: "" });
    const waiting = watch(router.acquire({ text: "" }));
    await settled();
    fails = true;
    held.release();
    await settled();
    expect(waiting.error).toEqual(new Error("no choice"));
    fails = false;
    expect(router.route({ text: "" }).replica.id).toBe("a");
  });
});

describe("a request that a replica rejects", () => {
  test("is put back with the reference's backoff, and chosen for anew", async () => {
    const { router, time } = virtualRouter({ replicas: one(9) });
    let lease = await router.acquire({ text: "" });
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      lease.reject({ queueLength: 9 });
      const since = time.nowMs;
      const next = watch(router.acquire({ text: "" }, { retryOf: lease }));
      await settled();
      while (next.lease === null) await time.pass(1);
      waits.push(time.nowMs - since);
      lease = next.lease;
    }
    expect(waits).toEqual([0, 25, 50, 100, 200, 400, 500, 500, 500]);
    expect([router.leases, router.waiting]).toEqual([1, 0]);
  });

  test("with a backoff of its own", async () => {
    const { router, time } = virtualRouter({ replicas: one(), backoff: { initialMs: 10, multiplier: 3, maxMs: 50 } });
    let lease = await router.acquire({ text: "" });
    for (const ms of [0, 10, 30, 50, 50]) {
      lease.reject();
      const next = watch(router.acquire({ text: "" }, { retryOf: lease }));
      await time.pass(ms - 1);
      if (ms > 0) expect(next.lease).toBeNull();
      await time.pass(1);
      lease = next.lease!;
      expect(lease.live).toBe(true);
    }
  });

  test("keeps its place before those that came later, and is let in though the queue is full", async () => {
    const { router } = virtualRouter({ replicas: one(), matching: "fifo", maxQueuedRequests: 1 });
    const first = await router.acquire({ text: "first" });
    const later = watch(router.acquire({ text: "later" }));
    await settled();
    first.reject();
    // The place went to the one that waited.
    await settled();
    expect(later.lease?.live).toBe(true);
    const third = watch(router.acquire({ text: "third" }));
    await settled();
    const again = watch(router.acquire({ text: "first" }, { retryOf: first }));
    await settled();
    expect(router.waiting).toBe(2);
    later.lease!.release();
    await settled();
    expect([again.lease?.live, third.lease]).toEqual([true, null]);
  });

  test("gives up when its time is over during the backoff, or its signal aborts", async () => {
    const { router, time } = virtualRouter({ replicas: one(2) });
    const rejectedTwice = async (): Promise<Lease> => {
      const rejected = await router.acquire({ text: "" });
      rejected.reject();
      const again = await router.acquire({ text: "" }, { retryOf: rejected });
      again.reject();
      return again;
    };
    const [first, other] = [await rejectedTwice(), await rejectedTwice()];
    const controller = new AbortController();
    const late = watch(router.acquire({ text: "" }, { retryOf: first, timeoutMs: 10 }));
    const aborted = watch(router.acquire({ text: "" }, { retryOf: other, signal: controller.signal }));
    await settled();
    expect(router.waiting).toBe(2);
    controller.abort(new Error("enough"));
    await time.pass(10);
    expect(late.error).toBeInstanceOf(QueueTimeoutError);
    expect(aborted.error).toEqual(new Error("enough"));
    expect([router.waiting, time.pending]).toEqual([0, 0]);
  });

  test.each<[string, (lease: Lease) => unknown, string]>([
    ["a live lease", (lease) => lease, "a live one"],
    [
      "a released lease",
      (lease) => {
        lease.release();
        return lease;
      },
      "released",
    ],
    [
      "one put back already",
      (lease) => {
        lease.reject();
        return lease;
      },
      "one put back already",
    ],
    ["no lease at all", () => ({}), "an object"],
  ])("retryOf refuses %s", async (_name, of, shown) => {
    const { router } = virtualRouter({ replicas: one() });
    const retryOf = of(router.route({ text: "" })) as Lease;
    if (shown === "one put back already") (await router.acquire({ text: "" }, { retryOf })).release();
    await expect(router.acquire({ text: "" }, { retryOf })).rejects.toThrow(
      `retryOf must be a lease that was rejected, not ${shown}`,
    );
  });
});
