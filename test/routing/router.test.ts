import { describe, expect, test } from "vitest";
import { type Lease, NoReplicaError, type Policy, PrefixTree, Router, type RouterOptions } from "../../src/index.js";

const four = ["a", "b", "c", "d"].map((id) => ({ id }));

describe("Router", () => {
  test("same seed, same times, same requests: same decisions", () => {
    const run = (seed: number): string[] => {
      let now = 0;
      const router = new Router({ policy: "prefix_aware", replicas: four, seed, clock: () => now++ });
      const leases: Lease[] = [];
      return Array.from({ length: 300 }, (_, i) => {
        const lease = router.route({ text: `${(i * 7919) % 23} shared ${"x".repeat(i % 5)}` });
        leases.push(lease);
        if (i % 3 === 0) leases.shift()?.release();
        return `${lease.replica.id} ${lease.decision.reason} ${lease.decision.matchedChars}`;
      });
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  test("a decision shows the candidates and their queues when it was made, and does not change", () => {
    const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }, { id: "b", maxOngoingRequests: 1 }] });
    router.route({ text: "" }, { exclude: new Set(["a"]) });
    const { decision } = router.route({ text: "" });
    router.route({ text: "" });
    expect(decision.candidates).toEqual([{ replica: "a", queueLength: 0, matchedChars: null, score: null }]);
  });

  test("when none can be chosen there is an error that says how many are full, and nothing changes", () => {
    const router = new Router({
      policy: "prefix_aware",
      replicas: [{ id: "a", maxOngoingRequests: 1 }, { id: "b" }],
    });
    router.route({ text: "x" }, { exclude: new Set(["b"]) });
    const refused = catchError(() => router.route({ text: "y" }, { exclude: new Set(["b"]) }));
    expect(refused).toBeInstanceOf(NoReplicaError);
    expect(refused).toMatchObject({
      message: "none of 2 replicas can be chosen: 1 full, 1 excluded",
      replicas: 2,
      full: 1,
    });
    expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([1, 0]);
    expect([...router.tree!.tenantToCharCount]).toEqual([
      ["a", 1],
      ["b", 0],
    ]);
  });

  test("without replicas there is none to choose", () => {
    const router = new Router({ policy: "pow_of_2", replicas: [] });
    expect(catchError(() => router.route({ text: "" }))).toMatchObject({
      message: "there is no replica to choose",
      replicas: 0,
      full: 0,
    });
  });

  test("a time that the tree refuses takes no place and leaves no text", () => {
    let now = 0;
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }], clock: () => now });
    now = Number.NaN;
    expect(() => router.route({ text: "x" })).toThrow(RangeError);
    expect(router.replicas[0]!.queueLength).toBe(0);
    expect(router.tree!.tenantToCharCount.get("a")).toBe(0);
  });

  test("pitfall: lazily swept caps; the tree's bounds hold after every choice", () => {
    let now = 0;
    const router = new Router({ policy: "prefix_aware", replicas: four, maxChars: 100, ttlSecs: 50, clock: () => now });
    for (let i = 0; i < 40; i++) {
      now++;
      router.route({ text: `${i}`.padEnd(30, "x") }).release();
      expect(router.tree!.stats().chars).toBeLessThanOrEqual(100);
    }
    expect(router.tree!.stats().chars).toBe(90);
    now += 51;
    router.route({ text: "new" });
    expect(router.tree!.stats().chars).toBe(3);
  });

  test("a policy of one's own is asked, told and disposed of", () => {
    const disposed: string[] = [];
    const first: Policy = {
      name: "first",
      tree: null,
      choose: ({ candidates }) => ({ replica: candidates[0]!, reason: "only_candidate", matchedChars: 0 }),
      dispose: () => void disposed.push("first"),
    };
    for (const policy of [first, () => first]) {
      const router = new Router({ policy, replicas: four });
      expect([router.policy, router.route({ text: "x" }).decision.policy]).toEqual(["first", "first"]);
      router[Symbol.dispose]();
    }
    expect(disposed).toEqual(["first", "first"]);
  });

  test("a policy that chooses what is no candidate is told so, and nothing counts", () => {
    const stubborn: Policy = {
      name: "stubborn",
      tree: null,
      choose: () => ({ replica: router.replicas[0]!, reason: "only_candidate", matchedChars: 0 }),
    };
    const router: Router = new Router({
      policy: stubborn,
      replicas: [{ id: "a", maxOngoingRequests: 1 }, { id: "b" }],
    });
    router.route({ text: "" });
    expect(() => router.route({ text: "" })).toThrow("stubborn");
    expect(router.leases).toBe(1);
  });

  test("each router has a tree of its own", () => {
    const [one, other] = [0, 1].map(() => new Router({ policy: "prefix_aware", replicas: four }));
    one!.route({ text: "hello" });
    expect(other!.tree!.stats().chars).toBe(0);
  });

  test("never asks the tree with an empty candidate list, which would mean everyone", () => {
    const asked: unknown[] = [];
    const spied = ["matchThenInsert", "getSmallestTenants"] as const;
    const originals = spied.map((name) => PrefixTree.prototype[name]);
    const router = new Router({
      policy: "prefix_aware",
      replicas: four.map(({ id }) => ({ id, maxOngoingRequests: 1 })),
    });
    try {
      spied.forEach((name, i) => {
        PrefixTree.prototype[name] = function (this: PrefixTree, ...args: never[]) {
          asked.push(args[name === "matchThenInsert" ? 1 : 0]);
          return (originals[i] as (...args: never[]) => never).apply(this, args);
        } as never;
      });
      for (let i = 0; i < 4; i++) router.route({ text: `${i}` });
      expect(() => router.route({ text: "5" })).toThrow(NoReplicaError);
    } finally {
      Object.assign(PrefixTree.prototype, Object.fromEntries(spied.map((name, i) => [name, originals[i]])));
    }
    expect(asked.length).toBe(8);
    for (const list of asked)
      expect((Array.isArray(list) ? list : (list as { names: string[] }).names).length).toBeGreaterThan(0);
  });

  test("after dispose route throws, leases still end, and a second dispose does nothing", () => {
    const router = new Router({ policy: "prefix_aware", replicas: four });
    const [one, two] = [router.route({ text: "x" }), router.route({ text: "y" })];
    router[Symbol.dispose]();
    router[Symbol.dispose]();
    expect(() => router.route({ text: "x" })).toThrow("Router used after dispose");
    one.accept();
    one.release();
    two.reject();
    expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([0, 0, 0, 0]);
  });

  test.each<[string, object | null, string]>([
    ["no options", null, "options must be an object, not null"],
    [
      "an unknown policy",
      { policy: "magic" },
      'policy must be one of round_robin, random, least_requests, pow_of_2, consistent_hash, session, prefix_aware, cache_aware, kv_cost, prefix_blocks, not "magic"',
    ],
    ["a policy named like a method", { policy: "toString" }, 'not "toString"'],
    [
      "an unknown option",
      { treshold: 1 },
      'unknown option "treshold" for policy prefix_aware; there are policy, replicas',
    ],
    ["another policy's option", { policy: "pow_of_2", matchRateThreshold: 1 }, 'unknown option "matchRateThreshold"'],
    ["replicas that are no array", { replicas: "a" }, 'replicas must be an array, not "a"'],
    ["a replica without id", { replicas: [{}] }, "replicas[0].id must be a string, not empty, not undefined"],
    [
      "an id twice",
      { replicas: [{ id: "a" }, { id: "a" }] },
      'replicas[1].id must be different from the others, not "a"',
    ],
    ["no room at all", { replicas: [{ id: "a", maxOngoingRequests: 0 }] }, "replicas[0].maxOngoingRequests must be"],
    ["a negative threshold", { imbalancedThreshold: -1 }, "imbalancedThreshold must be 0 or more, not -1"],
    [
      "a threshold that is no number",
      { imbalancedThreshold: "1" },
      'imbalancedThreshold must be a number, 0 or more, not "1"',
    ],
    ["a rate above 1", { matchRateThreshold: 1.5 }, "matchRateThreshold must be from 0 to 1, not 1.5"],
    ["an unknown option of a replica", { replicas: [{ id: "a", maxOngoing: 1 }] }, 'unknown option "maxOngoing" in'],
    [
      "a target that would never evict",
      { evictionThresholdChars: 10, evictionTargetChars: 11 },
      "evictionTargetChars must be at most evictionThresholdChars (10), not 11",
    ],
    ["a fractional target", { evictionTargetChars: 0.5 }, "evictionTargetChars must be a whole number"],
    ["an interval of 0", { evictionIntervalSecs: 0 }, "evictionIntervalSecs must be above 0"],
    ["a seed that is no whole number", { seed: 0.1 }, "seed must be a whole number, not 0.1"],
    ["a wrong insertAt", { insertAt: "later" }, 'insertAt must be "choice" or "accept", not "later"'],
    ["a clock that is no function", { clock: 5 }, "clock must be a function"],
    ["a policy that is no policy", { policy: { name: "x" } }, "policy must be one of "],
    [
      "a rendering that there is not",
      { rendering: "plain" },
      'rendering must be "structured" or "reference", not "plain"',
    ],
    ["a matching that there is not", { matching: "lifo" }, 'matching must be "exact" or "fifo", not "lifo"'],
    [
      "a queue of less than none",
      { maxQueuedRequests: -1 },
      "maxQueuedRequests must be a whole number, 0 or more, or Inf",
    ],
    ["a wait of less than none", { queueTimeoutMs: -1 }, "queueTimeoutMs must be 0 or more, not -1"],
    ["a backoff that shrinks", { backoff: { multiplier: 0.5 } }, "backoff.multiplier must be 1 or more, not 0.5"],
    ["an unknown part of backoff", { backoff: { max: 1 } }, 'unknown option "max" in backoff; there are initialMs'],
    ["a locality that is no object", { locality: "n1" }, 'locality must be an object, not "n1"'],
    ["a node that is no string", { locality: { node: 1 } }, "locality.node must be a string, not 1"],
    ["reports that are never believed", { loadValidSecs: 0 }, "loadValidSecs must be above 0, not 0"],
    ["leases that are idle at once", { leaseIdleSecs: 0 }, "leaseIdleSecs must be above 0, not 0"],
    ["half a decision", { explainEvery: 0.5 }, "explainEvery must be a whole number, 0 or more, not 0.5"],
    ["timers that cannot be cleared", { timers: { setTimeout() {} } }, "timers must be { setTimeout, clearTimeout }"],
    ["a report to nobody", { onForgottenLease: 1 }, "onForgottenLease must be a function, not 1"],
    ["a tree without room", { maxBytes: 1 }, "maxBytes must be "],
    ["a time to live of none", { ttlSecs: 0 }, "ttlSecs must be "],
    ["a bound of a tree for a policy without one", { policy: "pow_of_2", maxChars: 1 }, "maxChars"],
    [
      "a model that is no string",
      { replicas: [{ id: "a", model: 1 }] },
      "replicas[0].model must be a string or an array",
    ],
    [
      "a label that is no string",
      { replicas: [{ id: "a", labels: { x: 1 } }] },
      "replicas[0].labels must be an object of strings: x is 1",
    ],
    ["a word for doEviction", { doEviction: "yes" }, 'doEviction must be true or false, not "yes"'],
  ])("refuses %s", (_name, options, message) => {
    const make = () =>
      new Router((options === null ? null : { policy: "prefix_aware", replicas: four, ...options }) as RouterOptions);
    expect(make).toThrow(message);
  });
});

function catchError(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
