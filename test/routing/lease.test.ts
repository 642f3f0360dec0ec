import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Lease, NoReplicaError, Router } from "../../src/index.js";

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

  test.each([
    ["accept", "accept"],
    ["release", "accept"],
    ["release", "reject"],
    ["reject", "accept"],
    ["reject", "reject"],
  ] as const)("after %s, %s leaves the tree alone", (first, second) => {
    for (const insertAt of ["choice", "accept"] as const) {
      let now = 0;
      const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }], insertAt, clock: () => ++now });
      const lease = router.route({ text: "x" });
      lease[first]();
      router.route({ text: "xy" }).accept();
      const before = router.tree!.inspect();
      lease[second]();
      expect(router.tree!.inspect()).toEqual(before);
    }
  });

  test.each(["accept", "reject", "release"] as const)("after %s a lease no longer holds the text", (call) => {
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }], clock: () => 1 });
    const lease = router.route({ text: "a long text" }) as Lease & { text: string };
    expect(lease.text).toBe("a long text");
    lease[call]();
    expect(lease.text).toBe("");
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

  test("a reported queue shorter than this router's own leases changes nothing", () => {
    const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }], clock: () => 100 });
    const held = [router.route({ text: "" }), router.route({ text: "" })];
    router.route({ text: "" }).reject({ queueLength: 0 });
    expect(router.replicas[0]!.load(100)).toBe(2);
    for (const lease of held) lease.release();
    expect(router.replicas[0]!.load(100)).toBe(0);
  });

  test("a reported queue sends the next requests elsewhere", () => {
    const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }, { id: "b" }], clock: () => 100 });
    router.route({ text: "" }, { exclude: new Set(["b"]) }).reject({ queueLength: 3 });
    const chosen = Array.from({ length: 3 }, () => router.route({ text: "" }).replica.id);
    expect(chosen).toEqual(["b", "b", "b"]);
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
