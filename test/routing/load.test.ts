import { describe, expect, test } from "vitest";
import type { LoadReport, Router } from "../../src/index.js";
import { virtualRouter } from "./support.js";

const three = [{ id: "a" }, { id: "b" }, { id: "c" }];
const loads = (router: Router, timeS: number): number[] => router.replicas.map((replica) => replica.load(timeS));
const busy = (running: number, waiting = 0): LoadReport => ({ running, waiting });

describe("what replicas report of their load", () => {
  test("counts beyond this router's leases at that time, and as leases come and go", () => {
    const { router } = virtualRouter({ replicas: three });
    const mine = [1, 2].map(() => router.route({ text: "a" }));
    router.setLoad("a", busy(5, 4));
    router.setLoad("b", busy(0));
    router.setLoad("c", busy(1));
    expect(loads(router, 0)).toEqual([9, 0, 1]);
    mine[0]!.release();
    expect(loads(router, 0)).toEqual([8, 0, 1]);
    router.route({ text: "b" });
    expect(loads(router, 0)).toEqual([8, 1, 1]);
    // Fewer than this router's own: a report that is behind.
    router.route({ text: "c" });
    router.setLoad("c", busy(0));
    expect(loads(router, 0)).toEqual([8, 1, 1]);
  });

  test("is what policies compare", () => {
    const { router } = virtualRouter({ replicas: three.slice(0, 2), policy: "pow_of_2" });
    router.setLoad("a", busy(3));
    router.setLoad("b", busy(0));
    expect(Array.from({ length: 3 }, () => router.route({ text: "" }).replica.id)).toEqual(["b", "b", "b"]);
    expect(router.route({ text: "" }).decision.candidates.map(({ queueLength }) => queueLength)).toEqual([3, 3]);
  });

  test("can be asked for, while it is fresh", async () => {
    const { router, time } = virtualRouter({ replicas: three });
    const [a] = router.replicas;
    await time.pass(5000);
    expect(a!.reported(0)).toBeNull();
    router.setLoad(a!, { running: 2, waiting: 1, kvUsage: 0.5, at: 5 });
    expect(a!.reported(14.9)).toEqual({ running: 2, waiting: 1, kvUsage: 0.5 });
    expect(a!.reported(15)).toBeNull();
  });

  test("pitfall: 0 metrics of a dead worker are no idle worker; a stale report decays to unknown", async () => {
    const { router, time } = virtualRouter({ replicas: three });
    for (const { id } of three) router.setLoad(id, busy(id === "a" ? 0 : 6));
    expect(loads(router, 9)).toEqual([0, 6, 6]);
    await time.pass(9000);
    router.setLoad("b", { ...busy(4), at: 9 });
    router.setLoad("c", { ...busy(8), at: 9 });
    // The last that a said is too old: it counts as the others do on average.
    expect(loads(router, 10)).toEqual([6, 4, 8]);
  });

  test("one that had more to do than the others when it fell silent keeps that", async () => {
    const { router, time } = virtualRouter({ replicas: three });
    router.setLoad("a", busy(50));
    await time.pass(9000);
    router.setLoad("b", { ...busy(4), at: 9 });
    router.setLoad("c", { ...busy(8), at: 9 });
    expect(loads(router, 10)).toEqual([50, 4, 8]);
  });

  test("one that never reported is unknown too, beside others that do", () => {
    const { router } = virtualRouter({ replicas: three });
    router.setLoad("a", busy(2));
    router.setLoad("b", busy(4));
    expect(loads(router, 0)).toEqual([2, 4, 3]);
  });

  test("when nobody's report is fresh the leases alone are compared", () => {
    const { router } = virtualRouter({ replicas: three });
    for (const { id } of three) router.setLoad(id, { ...busy(id === "a" ? 0 : 6), at: 0 });
    router.route({ text: "b" });
    expect(loads(router, 10)).toEqual([0, 1, 0]);
  });

  test("is believed for loadValidSecs", () => {
    const { router } = virtualRouter({ replicas: three, loadValidSecs: 2 });
    router.setLoad("a", { ...busy(5), at: 0 });
    expect([loads(router, 1.9)[0], loads(router, 2)[0]]).toEqual([5, 0]);
  });

  test("a rejection's queue length and a report: the higher of the two counts", async () => {
    const { router, time } = virtualRouter({ replicas: three });
    router.route({ text: "a" }).reject({ queueLength: 9 });
    router.setLoad("a", busy(2));
    expect(loads(router, 0)[0]).toBe(9);
    await time.pass(10_000);
    router.setLoad("a", busy(2));
    expect(loads(router, 10)[0]).toBe(2);
  });

  test("an older report than the last is no news, nor is one of a replica that is not there", async () => {
    const { router, time } = virtualRouter({ replicas: three });
    await time.pass(7000);
    expect(router.setLoad("a", { ...busy(5), at: 7 })).toBe(true);
    expect(router.setLoad("a", { ...busy(1), at: 6 })).toBe(false);
    expect(router.setLoad("x", busy(1))).toBe(false);
    expect(loads(router, 7)[0]).toBe(5);
  });

  test("of a time in milliseconds is refused; it would keep all later ones out", () => {
    const { router, time } = virtualRouter({ replicas: three });
    time.nowMs = 1.7e12;
    expect(() => router.setLoad("a", { ...busy(50), at: 1.7e12 })).toThrow(
      "at must be seconds by the router's clock, which is at 1700000000, and at most 60 ahead, not 1700000000000",
    );
    expect(router.setLoad("a", busy(1))).toBe(true);
    expect(loads(router, 1.7e9)).toEqual([1, 1, 1]);
  });

  test("of a clock that is up to a minute ahead counts as now", async () => {
    const { router, time } = virtualRouter({ replicas: three });
    router.setLoad("a", { ...busy(5), at: 60 });
    expect([loads(router, 9)[0], loads(router, 10)[0]]).toEqual([5, 0]);
    await time.pass(1000);
    expect(router.setLoad("a", busy(1))).toBe(true);
  });

  test("counts after the clock was put back, too", () => {
    const { router, time } = virtualRouter({ replicas: three });
    time.nowMs = 100_000;
    router.setLoad("a", busy(5));
    time.nowMs = 20_000;
    expect(router.setLoad("a", busy(1))).toBe(true);
    expect(loads(router, 20)[0]).toBe(1);
  });

  test("stays through a change of the replicas", () => {
    const { router } = virtualRouter({ replicas: three });
    router.setLoad("b", busy(5));
    router.route({ text: "b" });
    router.updateReplicas([{ id: "c" }, { id: "b" }]);
    expect(loads(router, 0)).toEqual([5, 6]);
  });

  test.each<[unknown, string]>([
    [null, "the load must be an object, not null"],
    [{ running: -1, waiting: 0 }, "running must be from 0 to 1000000000, not -1"],
    [{ running: 1 }, "waiting must be a number, 0 or more, not undefined"],
    [{ running: 1, waiting: Number.NaN }, "waiting must be from 0 to 1000000000, not NaN"],
    [{ running: 1, waiting: 0, kvUsage: 40 }, "kvUsage must be from 0 to 1, not 40"],
    [{ running: 1.7e308, waiting: 1.7e308 }, "running must be from 0 to 1000000000, not 1.7e+308"],
    [{ running: 1, waiting: 0, at: Number.NaN }, "at must be finite, in seconds, not NaN"],
  ])("refuses %j", (report, message) => {
    const { router } = virtualRouter({ replicas: three });
    expect(() => router.setLoad("a", report as LoadReport)).toThrow(message);
    expect(loads(router, 0)).toEqual([0, 0, 0]);
  });
});
