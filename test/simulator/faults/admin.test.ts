import { describe, expect, test } from "vitest";
import type { SimulatedReplica } from "../../../src/simulator/index.js";
import { ManualClock } from "../clocks.js";
import { post, startReplica } from "../support.js";

const admin = (replica: SimulatedReplica, method: string, query = "") =>
  replica.fetch(new Request(`http://replica/admin/faults${query}`, { method }));
const add = (replica: SimulatedReplica, body: unknown) => replica.fetch(post("/admin/faults", body));
const health = async (replica: SimulatedReplica) =>
  (await replica.fetch(new Request("http://replica/health")).catch(() => ({ status: 0 }))).status;

describe("/admin/faults", () => {
  test("adds, lists and ends faults, and is reached whatever they are", async () => {
    const replica = startReplica();
    const added = await add(replica, { kind: "refuse" });
    expect([added.status, await added.json()]).toEqual([200, { faults: [{ id: 1, kind: "refuse", state: "active" }] }]);
    expect(await health(replica)).toBe(0);
    await add(replica, {
      faults: [
        { kind: "hang", atMs: 1000 },
        { kind: "status", status: 500, forMs: 10 },
      ],
    });
    expect(((await (await admin(replica, "GET")).json()) as { faults: unknown[] }).faults).toEqual([
      { id: 1, kind: "refuse", state: "active" },
      { id: 2, kind: "hang", atMs: 1000, state: "planned" },
      { id: 3, kind: "status", status: 500, forMs: 10, state: "active" },
    ]);
    await admin(replica, "DELETE", "?id=1");
    expect(await health(replica)).toBe(500);
    expect(await (await admin(replica, "DELETE")).json()).toEqual({ faults: [] });
    expect(await health(replica)).toBe(200);
  });

  test("begins and ends them at their times, which run as fast as the replica", async () => {
    const clock = new ManualClock();
    const replica = startReplica({ clock, speed: 10 });
    clock.advance(50);
    await add(replica, { kind: "status", atMs: 1000, forMs: 2000 });
    const seen: number[] = [];
    for (const ms of [99, 1, 199, 1]) {
      clock.advance(ms);
      seen.push(await health(replica));
    }
    expect(seen).toEqual([200, 503, 503, 200]);
    expect(await (await admin(replica, "GET")).json()).toEqual({ faults: [] });
    expect(clock.timers).toBe(0);
  });

  test.each<[unknown, RegExp]>([
    [{}, /fault\.kind must be one of refuse, status, hang, slow, cut, restart, load, not undefined/],
    [{ kind: "slow" }, /fault\.factor must be a number, above 0, not undefined/],
    [{ kind: "slow", factor: 0 }, /fault\.factor must be a number, above 0, not 0/],
    [{ kind: "cut", afterTokens: 1.5 }, /fault\.afterTokens must be a whole number, 0 or more, not 1\.5/],
    [{ kind: "status", status: 200 }, /fault\.status must be a whole number, 400 to 599, not 200/],
    [{ kind: "load", cacheUsage: 2 }, /fault\.cacheUsage must be a number, 0 to 1, not 2/],
    [{ kind: "hang", forMs: -1 }, /fault\.forMs must be a number, 0 or more, not -1/],
    [{ kind: "hang", requests: 0 }, /fault\.requests must be a whole number, 1 or more, not 0/],
    [{ kind: "hang", share: 1.5 }, /fault\.share must be a number, 0 to 1, not 1\.5/],
    [{ kind: "hang", paths: "/v1" }, /fault\.paths must be an array of paths/],
    [{ kind: "hang", afterTokens: 3 }, /fault\.afterTokens means nothing to hang, which takes kind, paths, atMs/],
    [{ kind: "status", message: 5 }, /fault\.message must be a string, not 5/],
    [{ faults: [{ kind: "hang" }, { kind: "fire" }] }, /faults\[1\]\.kind/],
    [{ faults: {} }, /faults must be an array/],
    ["{", /not valid JSON/],
  ])("refuses %j, and nothing has changed", async (body, message) => {
    const replica = startReplica();
    const refused = await add(replica, body);
    const { error } = (await refused.json()) as { error: { message: string } };
    expect([refused.status, error.message]).toEqual([400, expect.stringMatching(message)]);
    expect(await (await admin(replica, "GET")).json()).toEqual({ faults: [] });
  });

  test("knows which faults there are", async () => {
    const missing = await admin(startReplica(), "DELETE", "?id=7");
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining("There is no fault 7.")]);
  });
});
