import { describe, expect, test } from "vitest";
import { Stand } from "./stand.js";

describe("round_robin", () => {
  test("takes each replica in turn, whatever their loads, and begins at random", () => {
    const firsts = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const stand = new Stand({ policy: "round_robin", seed }, ["a", "b", "c"]);
      stand.load({ a: 9, b: 5 });
      const order = Array.from({ length: 6 }, () => stand.answer("x").replica).join("");
      expect("abcabcabc").toContain(order);
      firsts.add(order[0]!);
    }
    expect([...firsts].sort()).toEqual(["a", "b", "c"]);
  });

  test("passes over those that are no candidates, which miss their turn", () => {
    const stand = new Stand({ policy: "round_robin" }, ["a", "b", "c", "d"]);
    const exclude = new Set(["b", "c"]);
    const order = Array.from({ length: 6 }, () => stand.answer("x", { exclude }).replica).join("");
    expect("adadadad").toContain(order);
  });

  test("a choice that comes to nothing takes nobody's turn", async () => {
    const stand = new Stand({
      policy: "round_robin",
      replicas: ["a", "b", "c"].map((id) => ({ id, maxOngoingRequests: 1 })),
    });
    const leases = ["x", "y", "z"].map((text) => stand.route(text));
    const waits = stand.router.acquire({ text: "waits" });
    const [first, second, third] = leases.map((lease) => lease.replica.id);
    leases[1]!.release();
    expect((await waits).replica.id).toBe(second);
    leases[0]!.release();
    leases[2]!.release();
    expect(stand.route("next").replica.id).toBe(third);
    expect(stand.route("next").replica.id).toBe(first);
  });

  test("whose turn it is keeps it when others come and go, and hands it on when it goes", () => {
    const stand = new Stand({ policy: "round_robin" }, ["a", "b", "c", "d"]);
    while (stand.answer("x").replica !== "a");
    stand.router.updateReplicas(["n", "d", "b"].map((id) => ({ id })));
    expect([0, 1, 2].map(() => stand.answer("x").replica)).toEqual(["b", "n", "d"]);
    while (stand.answer("x").replica !== "d");
    stand.router.updateReplicas(["n", "d"].map((id) => ({ id })));
    expect(stand.answer("x").replica).toBe("n");
    stand.router.updateReplicas([]);
    stand.router.updateReplicas(["z"].map((id) => ({ id })));
    expect(stand.answer("x")).toMatchObject({ replica: "z", reason: "only_candidate" });
  });
});

describe("random", () => {
  test("takes each candidate about as often, whatever their loads", () => {
    const stand = new Stand({ policy: "random" });
    stand.load({ a: 100 });
    const counts = stand.counts(4000, "x");
    for (const id of ["a", "b", "c", "d"]) expect(Math.abs(counts[id]! - 1000)).toBeLessThan(120);
    expect(stand.ask("x").reason).toBe("random");
  });
});

describe("least_requests", () => {
  test.each([
    [{ a: 2, b: 1, c: 3, d: 2 }, "b"],
    [{ a: 0, b: 4, c: 4, d: 4 }, "a"],
    [{ a: 7, b: 6, c: 5, d: 4 }, "d"],
  ])("of loads %o the least: %s", (loads, replica) => {
    const stand = new Stand({ policy: "least_requests" });
    stand.load(loads);
    expect(stand.counts(20, "x")).toEqual({ [replica]: 20 });
    expect(stand.ask("x")).toMatchObject({ reason: "least_loaded", hitAvailable: null });
  });

  test("counts its own leases and what replicas report beyond them", () => {
    const stand = new Stand({ policy: "least_requests" }, ["a", "b"]);
    stand.load({ a: 1 });
    expect([0, 1, 2].map(() => stand.route("x").replica.id)).toEqual(["b", expect.any(String), expect.any(String)]);
    expect(stand.router.replicas.map((replica) => replica.load(0))).toEqual([2, 2]);
  });

  test("ties go to chance, not to list order", () => {
    const stand = new Stand({ policy: "least_requests" });
    stand.load({ b: 1 });
    const counts = stand.counts(3000, "x");
    expect(Object.keys(counts).sort()).toEqual(["a", "c", "d"]);
    for (const count of Object.values(counts)) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});

describe("pow_of_2", () => {
  test("has no tree, and chooses the shorter of two", () => {
    const stand = new Stand({ policy: "pow_of_2" }, ["a", "b"]);
    expect(stand.router.tree).toBeNull();
    stand.load({ a: 1 });
    expect(stand.counts(20, "x")).toEqual({ b: 20 });
    expect(stand.ask("x")).toMatchObject({ reason: "two_choices", matchedChars: 0, matchRate: 0, hitChosen: null });
  });

  test("draws any two of many: of loads 0 to 3 the k-th least wins 3 − k of the 6 pairs", () => {
    const stand = new Stand({ policy: "pow_of_2" });
    stand.load({ c: 0, a: 1, d: 2, b: 3 });
    const counts = stand.counts(6000, "x");
    expect(counts.b).toBeUndefined();
    for (const [id, wanted] of [
      ["c", 3000],
      ["a", 2000],
      ["d", 1000],
    ] as const) {
      expect(Math.abs(counts[id]! - wanted)).toBeLessThan(150);
    }
  });

  test("with one candidate there is no choice", () => {
    expect(new Stand({ policy: "pow_of_2" }, ["a"]).ask("x")).toMatchObject({ replica: "a", reason: "only_candidate" });
  });
});
