import { describe, expect, test } from "vitest";
import { NoReplicaError, type ReplicaOptions, Router } from "../../src/index.js";
import { named, virtualRouter } from "./support.js";

const ids = (router: Router): string[] => router.replicas.map(({ id }) => id);

describe("updateReplicas", () => {
  test("adds, removes and reorders, and tells the policy once", () => {
    const { router, events } = virtualRouter({ replicas: [{ id: "a" }, { id: "b" }] });
    const update = router.updateReplicas([{ id: "c" }, { id: "b" }]);
    expect(update).toEqual({ added: ["c"], removed: ["a"] });
    expect(ids(router)).toEqual(["c", "b"]);
    expect(events).toEqual(["replicas c,b +c -a"]);
  });

  test("one whose id stays is the same, with its leases and whatever else is new", () => {
    const { router, events } = virtualRouter({ replicas: [{ id: "a", url: "http://a:1" }] });
    const [replica] = router.replicas;
    router.route({ text: "" });
    events.length = 0;
    router.updateReplicas([{ id: "a", url: "http://a:2", maxOngoingRequests: 1, labels: { gpu: "l4" } }]);
    expect(router.replicas[0]).toBe(replica);
    expect(replica).toMatchObject({ url: "http://a:2", queueLength: 1, hasRoom: false, labels: { gpu: "l4" } });
    expect(() => router.route({ text: "" })).toThrow("none of 1 replicas can be chosen: 1 full, 0 excluded");
    router.updateReplicas([{ id: "a" }]);
    expect(router.route({ text: "" }).live).toBe(true);
    // Nothing of it concerns a policy.
    expect(events).toEqual(["routed a "]);
  });

  test("the tree's tenants are the replicas", () => {
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }, { id: "b" }], clock: () => 1 });
    for (const exclude of ["a", "b"]) router.route({ text: `text of not ${exclude}` }, { exclude: new Set([exclude]) });
    router.updateReplicas([{ id: "b" }, { id: "c" }]);
    expect([...router.tree!.tenantToCharCount]).toEqual([
      ["b", 13],
      ["c", 0],
    ]);
    // One that comes back starts with nothing.
    router.updateReplicas([{ id: "a" }, { id: "b" }]);
    expect([...router.tree!.tenantToCharCount]).toEqual([
      ["b", 13],
      ["a", 0],
    ]);
  });

  test("leases on a removed replica go on, and count again when it comes back", () => {
    const { router, events } = virtualRouter({ replicas: [{ id: "a" }, { id: "b" }] });
    const [a] = router.replicas;
    const [one, two] = [router.route({ text: "a" }), router.route({ text: "a" })];
    router.updateReplicas([{ id: "b" }]);
    expect([a!.removed, a!.queueLength, router.leases, one.live]).toEqual([true, 2, 2, true]);
    expect(router.route({ text: "a" }).replica.id).toBe("b");
    one.accept();
    one.release();
    expect(events.at(-1)).toBe('released a {"timeS":0}');
    router.updateReplicas([{ id: "b" }, { id: "a" }]);
    expect(router.replicas[1]).toBe(a);
    expect([a!.removed, a!.queueLength, a!.load(0)]).toEqual([false, 1, 1]);
    two.release();
    expect([a!.queueLength, a!.load(0), router.leases]).toEqual([0, 0, 1]);
  });

  test("one that comes back after its last lease is another", () => {
    const { router } = virtualRouter({ replicas: [{ id: "a" }] });
    const [a] = router.replicas;
    const lease = router.route({ text: "" });
    router.updateReplicas([]);
    lease.release();
    router.updateReplicas([{ id: "a" }]);
    expect(router.replicas[0]).not.toBe(a);
    expect([a!.removed, a!.load(0), router.leases]).toEqual([true, 0, 0]);
  });

  test("a rejection by a replica that is gone takes nothing back from one of the same name", () => {
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }], clock: () => 1 });
    const lease = router.route({ text: "hello" });
    router.updateReplicas([]);
    router.updateReplicas([{ id: "a" }]);
    router.tree!.insert("hello", "a", 1);
    lease.reject({ queueLength: 3 });
    expect(router.tree!.tenantToCharCount.get("a")).toBe(5);
  });

  test("takes what a router has given out, with all that it was told of it", () => {
    const { router } = virtualRouter({
      replicas: [
        { id: "a", url: "http://a" },
        { id: "b", url: "http://b", maxOngoingRequests: 2, model: "m", labels: { x: "y" }, node: "n", zone: "z" },
      ],
    });
    const [, b] = router.replicas;
    expect(router.updateReplicas(router.replicas.filter(({ id }) => id !== "a"))).toEqual({
      added: [],
      removed: ["a"],
    });
    expect(router.replicas).toEqual([b]);
    expect(b).toMatchObject({ url: "http://b", maxOngoingRequests: 2, model: "m", labels: { x: "y" }, zone: "z" });
    const other = new Router({ policy: "random", replicas: router.replicas });
    expect(other.replicas[0]).toMatchObject({ id: "b", url: "http://b", node: "n", queueLength: 0 });
    expect(other.replicas[0]).not.toBe(b);
  });

  test("keeps what it was given, though the caller changes it later", () => {
    const given = { id: "a", model: "m" };
    const { router } = virtualRouter({ replicas: [given] });
    given.model = "n";
    expect(router.replicas[0]!.model).toBe("m");
  });

  test("a hole in the list is no replica", () => {
    const gap: ReplicaOptions[] = [{ id: "a" }];
    gap[2] = { id: "b" };
    for (const replicas of [new Array(3), gap]) {
      expect(() => new Router({ policy: "round_robin", replicas })).toThrow(
        /^replicas\[[01]\] must be an object, not undefined/,
      );
    }
  });

  test("a bad list changes nothing", () => {
    const { router, events } = virtualRouter({ replicas: [{ id: "a" }] });
    const lists: unknown[] = [
      null,
      [{ id: "b" }, { id: "b" }],
      [{}],
      [{ id: "b", node: 1 }],
      [{ id: "b", labels: { a: 1 } }],
    ];
    for (const list of lists) expect(() => router.updateReplicas(list as ReplicaOptions[])).toThrow(/^replicas/);
    expect([ids(router), events]).toEqual([["a"], []]);
    router[Symbol.dispose]();
    expect(() => router.updateReplicas([])).toThrow("Router used after dispose");
  });

  test("what the policy refuses changes nothing either", () => {
    const policy = {
      ...named(),
      onReplicasChanged({ added }: { added: readonly string[] }) {
        if (added.includes("b")) throw new Error("no room");
      },
    };
    const router = new Router({ policy, replicas: [{ id: "a" }] });
    expect(() => router.updateReplicas([{ id: "a", maxOngoingRequests: 1 }, { id: "b" }])).toThrow("no room");
    expect(ids(router)).toEqual(["a"]);
    expect(router.replicas[0]!.maxOngoingRequests).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("which replicas are candidates", () => {
  const candidates = (router: Router, ...args: Parameters<Router["route"]>): string[] => {
    const lease = router.route(...args);
    const seen = lease.decision.candidates.filter((each) => !("excluded" in each)).map(({ replica }) => replica);
    lease.release();
    return seen;
  };

  test("those that serve the request's model, and those that say nothing", () => {
    const { router } = virtualRouter({
      replicas: [{ id: "a", model: "m" }, { id: "b", model: ["n", "n-lora"] }, { id: "c" }],
    });
    expect(candidates(router, { prompt: "", model: "m" })).toEqual(["a", "c"]);
    expect(candidates(router, { prompt: "", model: "n-lora" })).toEqual(["b", "c"]);
    expect(candidates(router, { prompt: "", model: "m" }, { model: "n" })).toEqual(["b", "c"]);
    expect(candidates(router, { prompt: "" })).toEqual(["a", "b", "c"]);
    router.updateReplicas([{ id: "a", model: "m" }]);
    expect(() => router.route({ prompt: "", model: "n" })).toThrow(
      "none of 1 replicas can be chosen: 0 full, 0 excluded, 1 with another model",
    );
  });

  test("those with the labels that are asked for", () => {
    const { router } = virtualRouter({
      replicas: [{ id: "a", labels: { gpu: "l4", pool: "x" } }, { id: "b", labels: { gpu: "h100" } }, { id: "c" }],
    });
    expect(candidates(router, { text: "" }, { labels: { gpu: "l4" } })).toEqual(["a"]);
    expect(candidates(router, { text: "" }, { labels: {} })).toEqual(["a", "b", "c"]);
    expect(() => router.route({ text: "" }, { labels: { gpu: "l4", pool: "y" } })).toThrow("3 with other labels");
  });

  test("those on the same node, then in the same zone, then all", () => {
    const { router } = virtualRouter({
      replicas: [
        { id: "a", node: "n1", zone: "z1", maxOngoingRequests: 1 },
        { id: "b", node: "n2", zone: "z1", maxOngoingRequests: 1 },
        { id: "c", node: "n1", zone: "z2", maxOngoingRequests: 1 },
        { id: "d", zone: "z3" },
      ],
      locality: { node: "n1", zone: "z1" },
    });
    expect(candidates(router, { text: "" })).toEqual(["a", "c"]);
    for (const id of ["a", "c"]) router.route({ text: id });
    expect(candidates(router, { text: "" })).toEqual(["b"]);
    router.route({ text: "" });
    expect(candidates(router, { text: "" })).toEqual(["d"]);
  });

  test("a request that a near one rejected goes to the next tier", async () => {
    const { router } = virtualRouter({
      replicas: [
        { id: "a", node: "n1", zone: "z1" },
        { id: "b", node: "n2", zone: "z1" },
        { id: "c", node: "n3", zone: "z2" },
      ],
      locality: { node: "n1", zone: "z1" },
      backoff: { initialMs: 0 },
    });
    const tiers: string[][] = [];
    let lease = await router.acquire({ text: "" });
    for (let i = 0; i < 3; i++) {
      tiers.push(lease.decision.candidates.filter((each) => !("excluded" in each)).map(({ replica }) => replica));
      lease.reject();
      lease = await router.acquire({ text: "" }, { retryOf: lease });
    }
    expect(tiers).toEqual([["a"], ["a", "b"], ["a", "b", "c"]]);
  });

  test("an error says how many are what", () => {
    const { router } = virtualRouter({
      replicas: [{ id: "a", maxOngoingRequests: 1 }, { id: "b" }, { id: "c", labels: { x: "1" } }],
    });
    router.route({ text: "a" }, { exclude: new Set(["b", "c"]) });
    let error: unknown;
    try {
      router.route({ text: "" }, { exclude: new Set(["b"]), labels: {} });
      router.route({ text: "" }, { exclude: new Set(["b", "c"]) });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(NoReplicaError);
    expect(error).toMatchObject({
      message: "none of 3 replicas can be chosen: 1 full, 2 excluded",
      replicas: 3,
      full: 1,
    });
  });

  test.each<[object, string]>([
    [{ exclude: ["a"] }, "exclude must be a Set of replica ids, not an array"],
    [{ labels: "x" }, 'labels must be an object of strings, not "x"'],
    [{ session: 7 }, "session must be a string, not 7"],
    [{ model: null }, "model must be a string, not null"],
    [{ signal: {} }, "signal must be an AbortSignal, not an object"],
  ])("refuses %j", (options, message) => {
    const { router } = virtualRouter({ replicas: [{ id: "a" }] });
    expect(() => router.route({ text: "" }, options as never)).toThrow(message);
    expect(router.leases).toBe(0);
  });
});
