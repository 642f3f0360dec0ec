import { describe, expect, test } from "vitest";
import { type RequestKey, type Route, Router } from "../../src/index.js";
import { named } from "./support.js";

describe("leases", () => {
  test.each([
    ["release"],
    ["release", "dispose"],
    ["dispose", "dispose"],
    ["accept", "firstToken", "release"],
    ["firstToken", "firstToken", "release"],
    ["reject", "firstToken"],
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

  test("a second release is refused, and counts no second time", () => {
    const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }] });
    const [held, lease] = [router.route({ text: "x" }), router.route({ text: "y" })];
    lease.release();
    expect(() => lease.release()).toThrow('the lease on replica "a" has been released already');
    expect(router.replicas[0]!.queueLength).toBe(1);
    held.release();
  });

  test.each(["accept", "reject", "release", "dispose"] as const)(
    "after %s nothing of the size of the text is held",
    (call) => {
      let key: RequestKey | null = null;
      const policy = {
        ...named(),
        onRouted(route: Route) {
          key = route.key;
        },
      };
      const router = new Router({ policy, replicas: [{ id: "a" }] });
      for (const request of [{ text: "a long text" }, { prompt: [1, 2, 3] }]) {
        const lease = router.route(request);
        expect([key!.text.length, key!.tokens?.length ?? 0]).toEqual("text" in request ? [11, 0] : [0, 3]);
        lease[call === "dispose" ? Symbol.dispose : call]();
        expect(key).toMatchObject({ text: "", tokens: null, affinity: "", chars: "text" in request ? 11 : 3 });
      }
    },
  );

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
      expect(() => lease.reject({ queueLength: queueLength as number })).toThrow(
        /^queueLength must be a whole number, 0 or more, not /,
      );
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
});
