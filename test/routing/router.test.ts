import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Lease, NoReplicaError, PrefixTree, Router, type RouterOptions } from "../../src/index.js";

const four = ["a", "b", "c", "d"].map((id) => ({ id }));

describe("leases", () => {
  test.each([
    ["release"],
    ["release", "release"],
    ["accept", "release"],
    ["accept", "accept", "release"],
    ["reject"],
    ["reject", "release"],
    ["reject", "reject"],
    ["release", "accept"],
    ["release", "reject"],
    ["dispose"],
  ] as const)("%s %s %s: counts once", (...calls) => {
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }], clock: () => 1 });
    const held = router.route({ text: "x" });
    const lease = router.route({ text: "y" });
    expect(router.replicas[0]!.queueLength).toBe(2);
    for (const call of calls) lease[call === "dispose" ? Symbol.dispose : call]();
    expect(router.replicas[0]!.queueLength).toBe(1);
    expect(lease.live).toBe(false);
    held.release();
    expect(router.replicas[0]!.queueLength).toBe(0);
  });

  test("what was accepted cannot be rejected, and stays", () => {
    const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }] });
    const lease = router.route({ text: "x" });
    lease.accept();
    expect(() => lease.reject()).toThrow('replica "a" has accepted the request already');
    expect(router.replicas[0]!.queueLength).toBe(1);
  });

  test.each([-1, 0.5, Number.NaN, "3"])(
    "reject with queue length %s is refused, and the lease stays",
    (queueLength) => {
      const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }] });
      const lease = router.route({ text: "x" });
      expect(() => lease.reject({ queueLength: queueLength as number })).toThrow(`not ${queueLength}`);
      expect(lease.live).toBe(true);
    },
  );

  test("a reported queue counts as load for 10 seconds, beyond this router's own leases", () => {
    let now = 100;
    const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }, { id: "b" }], clock: () => now });
    const only = (id: string) => ({ exclude: new Set(["a", "b"].filter((other) => other !== id)) });
    router.route({ text: "" }, only("a"));
    router.route({ text: "" }, only("a")).reject({ queueLength: 7 });
    const [a] = router.replicas;
    expect([a!.queueLength, a!.load(now)]).toEqual([1, 7]);
    now += 9.9;
    expect(a!.load(now)).toBe(7);
    now += 0.2;
    expect(a!.load(now)).toBe(1);
  });

  test("whatever happens in whatever order, queue lengths are the live leases, and 0 in the end", () => {
    const step = fc.tuple(
      fc.constantFrom("route", "accept", "reject", "release", "dispose"),
      fc.nat(),
      fc.nat({ max: 20 }),
    );
    let routes = 0;
    fc.assert(
      fc.property(
        fc.constantFrom("pow_of_2" as const, "prefix_aware" as const),
        fc.constantFrom("choice" as const, "accept" as const),
        fc.array(step, { minLength: 200, maxLength: 400 }),
        (policy, insertAt, steps) => {
          const limited = four.map(({ id }, i) => ({ id, maxOngoingRequests: i + 1 }));
          let now = 0;
          const router = new Router({ policy, insertAt, replicas: limited, clock: () => now++ });
          const leases: Lease[] = [];
          for (const [what, which, queueLength] of steps) {
            const lease = leases[which % leases.length];
            try {
              if (what === "route" || lease === undefined) {
                leases.push(router.route({ text: "abcabcabc".slice(0, queueLength % 9) + which }));
                routes++;
              } else if (what === "accept") lease.accept();
              else if (what === "reject") lease.reject({ queueLength });
              else if (what === "release") lease.release();
              else lease[Symbol.dispose]();
            } catch (error) {
              const expected =
                error instanceof NoReplicaError || /has accepted the request/.test((error as Error).message);
              if (!expected) throw error;
            }
            for (const replica of router.replicas) {
              const live = leases.filter((each) => each.live && each.replica === replica).length;
              if (replica.queueLength !== live) throw new Error(`${replica.id}: ${replica.queueLength}, not ${live}`);
              if (live > replica.maxOngoingRequests) throw new Error(`${replica.id} has more than its limit: ${live}`);
            }
          }
          for (const lease of leases) lease.release();
          expect(router.replicas.map(({ queueLength }) => queueLength)).toEqual([0, 0, 0, 0]);
        },
      ),
      { numRuns: 300, endOnFailure: true },
    );
    expect(routes).toBeGreaterThan(10_000);
  });
});

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
    expect(decision.candidates).toEqual([{ replica: "a", queueLength: 0 }]);
  });

  test("without room there is an error that says how many replicas are full", () => {
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", maxOngoingRequests: 1 }] });
    router.route({ text: "x" });
    expect(() => router.route({ text: "y" })).toThrow(NoReplicaError);
    expect(() => router.route({ text: "y" })).toThrow("none of 1 replicas has room");
    expect(() => new Router({ policy: "pow_of_2", replicas: [] }).route({ text: "" })).toThrow("there is no replica");
    expect(router.tree!.tenantToCharCount.get("a")).toBe(1);
  });

  test("never asks the tree with an empty candidate list, which would mean everyone", () => {
    const asked: unknown[] = [];
    const spied = ["prefixMatch", "getSmallestTenants"] as const;
    const originals = spied.map((name) => PrefixTree.prototype[name]);
    const router = new Router({
      policy: "prefix_aware",
      replicas: four.map(({ id }) => ({ id, maxOngoingRequests: 1 })),
    });
    try {
      spied.forEach((name, i) => {
        PrefixTree.prototype[name] = function (this: PrefixTree, ...args: never[]) {
          asked.push(args[name === "prefixMatch" ? 1 : 0]);
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
    ["an unknown policy", { policy: "magic" }, 'policy must be one of pow_of_2, prefix_aware, not "magic"'],
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
    ["a fractional target", { evictionTargetChars: 0.5 }, "evictionTargetChars must be a whole number"],
    ["an interval of 0", { evictionIntervalSecs: 0 }, "evictionIntervalSecs must be above 0"],
    ["a seed that is no whole number", { seed: 0.1 }, "seed must be a whole number, not 0.1"],
    ["a wrong insertAt", { insertAt: "later" }, 'insertAt must be "choice" or "accept", not "later"'],
    ["a clock that is no function", { clock: 5 }, "clock must be a function"],
    ["a word for doEviction", { doEviction: "yes" }, 'doEviction must be true or false, not "yes"'],
  ])("refuses %s", (_name, options, message) => {
    const make = () =>
      new Router((options === null ? null : { policy: "prefix_aware", replicas: four, ...options }) as RouterOptions);
    expect(make).toThrow(message);
  });
});
