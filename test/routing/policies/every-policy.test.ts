import { describe, expect, test } from "vitest";
import { type Lease, POLICIES, type PolicyName, type RouteRequest } from "../../../src/index.js";
import { Random } from "../../../src/random/index.js";
import { Stand } from "./stand.js";

const NAMES = Object.keys(POLICIES) as PolicyName[];
/** Those that know what has been sent where. */
const LOOKING: PolicyName[] = ["prefix_aware", "cache_aware", "kv_cost", "prefix_blocks"];

/** Requests of growing conversations, a few unreadable ones and prompts of token ids among them. */
function requests(count: number): { request: RouteRequest; session: string }[] {
  const random = new Random(3);
  return Array.from({ length: count }, (_, i) => {
    const conversation = random.below(9);
    const session = `${conversation}`;
    if (i % 13 === 12) return { request: { prompt: null }, session };
    if (i % 11 === 10)
      return { request: { prompt: Array.from({ length: 100 + i }, (_, k) => k * conversation) }, session };
    return { request: { prompt: `conversation ${conversation} ${"and so on ".repeat(10 + (i % 60))}` }, session };
  });
}

describe.each(NAMES)("%s", (policy) => {
  const decide = (seed: number, explain: boolean): string[] => {
    const stand = new Stand({ policy, seed, rendering: "structured" });
    const live: Lease[] = [];
    return requests(300).map(({ request, session }, i) => {
      stand.nowS = i;
      const lease = stand.route(request, { session, explain, ...(i % 7 === 0 && { exclude: new Set(["b"]) }) });
      if (i % 7 === 0) expect(lease.replica.id).not.toBe("b");
      if (i % 5 === 0) lease.reject();
      else {
        lease.firstToken();
        live.push(lease);
      }
      if (live.length > 6) live.splice(i % 6, 1)[0]!.release();
      const { replica, reason, hitAvailable, hitChosen } = lease.decision;
      return `${replica} ${reason} ${hitAvailable} ${hitChosen}`;
    });
  };

  test("same seed, times and requests: same decisions; another seed, others", () => {
    expect(decide(1, false)).toEqual(decide(1, false));
    const different = new Set([1, 2, 3, 4, 5].map((seed) => decide(seed, false).join()));
    // The ring is the same whatever the seed.
    if (policy === "consistent_hash") expect(different.size).toBe(1);
    else expect(different.size).toBeGreaterThan(1);
  });

  test("explaining a decision does not change it", () => {
    expect(decide(1, true)).toEqual(decide(1, false));
  });

  test("where nothing tells replicas apart the first choice goes to chance, not to list order", () => {
    const counts: Record<string, number> = {};
    for (let seed = 0; seed < 200; seed++) {
      const { replica } = new Stand({ policy, seed }).ask(`a text, and its seed is ${seed}`);
      counts[replica] = (counts[replica] ?? 0) + 1;
    }
    for (const id of ["a", "b", "c", "d"]) expect(counts[id], id).toBeGreaterThan(25);
  });

  test("replicas come and go under live leases, and every lease still ends", () => {
    const stand = new Stand({ policy });
    const random = new Random(8);
    const live: Lease[] = [];
    for (let i = 0; i < 400; i++) {
      stand.nowS = i;
      if (i % 9 === 0) {
        const ids = ["a", "b", "c", "d", "e", "f"].filter(() => random.below(2) === 0);
        stand.router.updateReplicas([...ids, "g"].map((id) => ({ id })));
      }
      const session = `${i % 5}`;
      const lease = stand.route(`conversation ${i % 4} ${"x".repeat(i)}`, { session, explain: i % 2 === 0 });
      expect(stand.router.replicas).toContain(lease.replica);
      live.push(lease);
      if (live.length < 8) continue;
      const ended = live.splice(random.below(live.length), 1)[0]!;
      if (random.below(4) === 0) ended.reject();
      else {
        if (random.below(2) === 0) ended.firstToken();
        ended.release();
      }
    }
    for (const lease of live) lease.release();
    expect(stand.router.leases).toBe(0);
  });

  test("an empty list of replicas, and then some", () => {
    const stand = new Stand({ policy }, []);
    expect(() => stand.route("x")).toThrow("no replica");
    stand.router.updateReplicas([{ id: "a" }]);
    expect(stand.answer("x")).toMatchObject({ replica: "a", reason: "only_candidate" });
    stand.router.updateReplicas([]);
    expect(() => stand.route("x")).toThrow("no replica");
  });

  test("after dispose leases still end", () => {
    const stand = new Stand({ policy });
    const leases = ["x", "y", "z"].map((text) => stand.route(text, { session: "s" }));
    stand.router[Symbol.dispose]();
    leases[0]!.firstToken();
    leases[0]!.release();
    leases[1]!.reject();
    leases[2]!.release();
    expect(stand.router.leases).toBe(0);
  });
});

describe.each(LOOKING)("%s", (policy) => {
  test("a text sent in one namespace is unknown in the others", () => {
    const stand = new Stand({ policy });
    const text = "x".repeat(640);
    stand.answer(text, { model: "m", cacheSalt: "s" });
    const known = (options: object): boolean => stand.ask(text, options).hitAvailable! > 0;
    expect(known({ model: "m", cacheSalt: "s" })).toBe(true);
    for (const other of [
      {},
      { model: "m" },
      { model: "m", cacheSalt: "t" },
      { model: "m", cacheSalt: "s", adapter: "l" },
    ]) {
      expect(known(other)).toBe(false);
    }
  });

  test.each(["choice", "accept"] as const)(
    "prompts of token ids stay where they have been, insertAt %s",
    (insertAt) => {
      const stand = new Stand({ policy, insertAt, rendering: "structured" });
      const prompts = Array.from({ length: 8 }, (_, i) => Array.from({ length: 256 }, (_, k) => (k * 31 + i) % 50_000));
      const homes = prompts.map((prompt) => stand.answer({ prompt }).replica);
      expect(new Set(homes).size).toBeGreaterThan(1);
      prompts.forEach((prompt, i) => {
        const decision = stand.answer({ prompt: [...prompt, 1, 2, 3] });
        expect(decision).toMatchObject({ replica: homes[i], textChars: 259, hitAvailable: 256, hitChosen: 256 });
      });
    },
  );

  test("a choice that comes to nothing leaves no trace", async () => {
    const replicas = [{ id: "a", maxOngoingRequests: 1 }];
    const stand = new Stand({ policy, replicas });
    const held = stand.route("something else");
    const gone = new AbortController();
    const waits = stand.router.acquire({ text: "x".repeat(640) }, { signal: gone.signal });
    gone.abort(new Error("left"));
    await expect(waits).rejects.toThrow("left");
    held.release();
    expect(stand.ask("x".repeat(640)).hitAvailable).toBe(0);
    stand.route("x".repeat(640)).reject();
    expect(stand.ask("x".repeat(640)).hitAvailable).toBe(0);
  });
});
