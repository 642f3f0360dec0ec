import { describe, expect, test } from "vitest";
import { collectGarbage } from "../support.js";
import { Stand } from "./stand.js";

const s = { session: "s" };

describe("session", () => {
  test("a new session goes to the least loaded and stays there, whatever the load and the text", () => {
    const stand = new Stand({ policy: "session" });
    stand.load({ a: 2, b: 1, c: 0, d: 2 });
    expect(stand.answer("first", s)).toMatchObject({ replica: "c", reason: "new_session", hitAvailable: null });
    stand.load({ c: 100 });
    expect(stand.answer("second", s)).toMatchObject({ replica: "c", reason: "session" });
    stand.load({ a: 2, b: 2, c: 2, d: 1 });
    expect(stand.answer("first", { session: "other" })).toMatchObject({ replica: "d", reason: "new_session" });
  });

  test("without a session nothing is remembered", () => {
    const stand = new Stand({ policy: "session" });
    stand.load({ a: 0, b: 1, c: 1, d: 1 });
    expect(stand.answer("text")).toMatchObject({ replica: "a", reason: "least_loaded" });
    stand.load({ a: 1, b: 0, c: 1, d: 1 });
    expect(stand.answer("text")).toMatchObject({ replica: "b", reason: "least_loaded" });
  });

  test("a home that is no candidate gives the session to the least loaded, for good", () => {
    const stand = new Stand({ policy: "session" });
    stand.load({ b: 1, c: 1, d: 1 });
    expect(stand.answer("x", s).replica).toBe("a");
    stand.load({ a: 0, b: 1, c: 0, d: 1 });
    expect(stand.answer("x", { ...s, exclude: new Set(["a"]) })).toMatchObject({ replica: "c", reason: "spill" });
    stand.load({ c: 9 });
    expect(stand.answer("x", s)).toMatchObject({ replica: "c", reason: "session" });
  });

  test("a replica that rejects does not become the home; the one before stays it", () => {
    const stand = new Stand({ policy: "session" });
    stand.load({ b: 1, c: 1, d: 1 });
    stand.route("x", s).reject();
    expect(stand.ask("x", s).reason).toBe("new_session");
    expect(stand.answer("x", s).replica).toBe("a");
    stand.routeTo("b", "x", s).reject();
    expect(stand.ask("x", s)).toMatchObject({ replica: "a", reason: "session" });
  });

  test("is forgotten after sessionIdleSecs without a request, counted from its end", () => {
    const stand = new Stand({ policy: "session", sessionIdleSecs: 10 });
    stand.load({ b: 1, c: 1, d: 1 });
    const lease = stand.route("x", s);
    stand.nowS = 30;
    lease.release();
    stand.load({ a: 1, b: 0, c: 1, d: 1 });
    stand.nowS = 40;
    expect(stand.answer("x", s)).toMatchObject({ replica: "a", reason: "session" });
    stand.nowS = 50.001;
    expect(stand.ask("x", s)).toMatchObject({ replica: "b", reason: "new_session" });
  });

  test("beyond maxSessions the one used longest ago is forgotten", () => {
    const stand = new Stand({ policy: "session", maxSessions: 2 });
    const known = (session: string): boolean => stand.ask("x", { session }).reason === "session";
    for (const session of ["1", "2"]) stand.answer("x", { session });
    stand.answer("x", { session: "1" });
    stand.answer("x", { session: "3" });
    expect(["3", "1", "2"].filter(known)).toEqual(["3", "1"]);
  });

  test("a replica that comes moves nobody; one that goes takes its sessions with it", () => {
    const stand = new Stand({ policy: "session" }, ["a", "b"]);
    const sessions = Array.from({ length: 20 }, (_, i) => `${i}`);
    const before = sessions.map((session) => stand.answer("x", { session }).replica);
    stand.router.updateReplicas(["a", "b", "c"].map((id) => ({ id })));
    expect(sessions.map((session) => stand.answer("x", { session }).replica)).toEqual(before);
    stand.router.updateReplicas(["b", "c"].map((id) => ({ id })));
    sessions.forEach((session, i) => {
      expect(stand.ask("x", { session }).reason).toBe(before[i] === "a" ? "new_session" : "session");
    });
  });

  test("sessions of different models are different", () => {
    const stand = new Stand({ policy: "session" });
    stand.load({ b: 1, c: 1, d: 1 });
    expect(stand.answer("x", { ...s, model: "m" }).replica).toBe("a");
    expect(stand.ask("x", { ...s, model: "n" }).reason).toBe("new_session");
  });

  test("the name of a session may be as long as a text: a hash of it is kept, which tells it from others", () => {
    const stand = new Stand({ policy: "session" });
    const long = (i: number) => `${"s".repeat(1_000_000)}${i}`;
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const homes = Array.from({ length: 100 }, (_, i) => stand.answer("x", { session: long(i) }).replica);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
    stand.load({ a: 3, b: 3, c: 3, d: 3 });
    homes.forEach((replica, i) => {
      expect(stand.answer("x", { session: long(i) })).toMatchObject({ replica, reason: "session" });
    });
    expect(stand.answer("x", { session: long(100) }).reason).toBe("new_session");
  });
});
