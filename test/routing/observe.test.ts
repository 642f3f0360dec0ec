import { afterEach, describe, expect, test, vi } from "vitest";
import { type ObserveOptions, Router, type RouterOptions, type TrackingRow } from "../../src/index.js";
import { named, VirtualTime } from "./support.js";

afterEach(() => void vi.restoreAllMocks());

function observed(
  options: Partial<RouterOptions> & Pick<RouterOptions, "replicas">,
  how: ObserveOptions = {},
): { router: Router; time: VirtualTime; rows: TrackingRow[]; stop: () => void } {
  const time = new VirtualTime();
  const { clock, timers } = time;
  const router = new Router({ policy: named(), clock, timers, ...options });
  const rows: TrackingRow[] = [];
  const observation = router.observe((row) => rows.push(row), how);
  return { router, time, rows, stop: () => observation.stop() };
}

function of<Kind extends TrackingRow["row"]>(rows: TrackingRow[], kind: Kind): Extract<TrackingRow, { row: Kind }>[] {
  return rows.filter((row) => row.row === kind) as Extract<TrackingRow, { row: Kind }>[];
}

describe("tracking", () => {
  test("the load of each replica every interval, with what it reports while that is fresh", async () => {
    const { router, time, rows } = observed(
      { replicas: [{ id: "a" }, { id: "b" }], loadValidSecs: 2 },
      { everySecs: 1 },
    );
    router.route({ text: "a" });
    router.setLoad("a", { running: 3, waiting: 1, kvUsage: 0.25 });
    await time.pass(3000);
    const reported = { running: 3, waiting: 1, kvUsage: 0.25 };
    const unknown = { running: null, waiting: null, kvUsage: null };
    expect(of(rows, "load")).toEqual([
      { row: "load", timeS: 1, replica: "a", queueLength: 1, load: 4, ...reported },
      { row: "load", timeS: 1, replica: "b", queueLength: 0, load: 3, ...unknown },
      // Nobody has a fresh report any more: leases alone are compared.
      { row: "load", timeS: 2, replica: "a", queueLength: 1, load: 1, ...unknown },
      { row: "load", timeS: 2, replica: "b", queueLength: 0, load: 0, ...unknown },
      { row: "load", timeS: 3, replica: "a", queueLength: 1, load: 1, ...unknown },
      { row: "load", timeS: 3, replica: "b", queueLength: 0, load: 0, ...unknown },
    ]);
  });

  test("characters of each replica in the tree, and what it lets go, by cause", async () => {
    const { router, time, rows } = observed({
      policy: "prefix_aware",
      replicas: [{ id: "a" }],
      maxChars: 25,
      ttlSecs: 5,
      doEviction: true,
      evictionThresholdChars: 12,
      evictionTargetChars: 10,
      evictionIntervalSecs: 2.5,
    });
    router.route({ text: "ten chars." }).release();
    await time.pass(1000);
    router.route({ text: "and ten .." }).release();
    await time.pass(500);
    router.route({ text: "more, ten." }).release();
    await time.pass(500);
    expect(of(rows, "chars").map(({ timeS, chars }) => [timeS, chars])).toEqual([
      [1, 10],
      [2, 20],
    ]);
    expect(of(rows, "evictions")).toEqual([{ row: "evictions", timeS: 2, cause: "pressure", evictions: 1, chars: 10 }]);
    await time.pass(6000);
    expect(of(rows, "evictions").slice(1)).toEqual([
      { row: "evictions", timeS: 2.5, cause: "sweep", evictions: 1, chars: 10 },
      { row: "evictions", timeS: 8, cause: "expiry", evictions: 1, chars: 10 },
    ]);
  });

  test("a decision, and its end, with the stages in between", async () => {
    let ticks = 0;
    const { router, time, rows } = observed(
      { policy: "prefix_aware", replicas: [{ id: "a" }, { id: "b" }], seed: 3 },
      { stopwatch: () => ticks++ },
    );
    router.route({ text: "the same text" }).release();
    rows.length = 0;
    ticks = 100;
    const lease = router.route({ text: "the same text, and more" });
    await time.pass(250);
    lease.firstToken();
    lease.release({ promptTokens: 5, cachedTokens: 3, completionTokens: 2 });
    const { replica } = lease.decision;
    expect(rows).toEqual([
      {
        row: "decision",
        timeS: 0,
        request: 1,
        attempt: 0,
        policy: "prefix_aware",
        intended: replica,
        replica,
        reason: "prefix_match",
        textChars: 23,
        matchedChars: 13,
        matchRate: 13 / 23,
        hitAvailable: 13,
        hitChosen: 13,
        receivedS: 100,
        askedS: 101,
        matchedS: 102,
        chosenS: 103,
      },
      {
        row: "end",
        timeS: 0.25,
        request: 1,
        attempt: 0,
        replica,
        end: "released",
        failed: false,
        receivedS: 100,
        askedS: 101,
        matchedS: 102,
        chosenS: 103,
        sentS: 104,
        firstTokenS: 105,
        endedS: 106,
        promptTokens: 5,
        cachedTokens: 3,
        completionTokens: 2,
      },
    ]);
  });

  test.each([
    ["exact", "b"],
    // Nobody asks the policy where a waiting request is meant to go.
    ["fifo", null],
  ] as const)("intended and final replica of a request that waits, matching %s", async (matching, intended) => {
    const one = { maxOngoingRequests: 1 };
    const { router, time, rows } = observed({
      replicas: [
        { id: "a", ...one },
        { id: "b", ...one },
      ],
      matching,
    });
    const held = router.route({ text: "a" });
    router.route({ text: "b" });
    const waits = router.acquire({ text: "b again" });
    await time.pass(100);
    held.release();
    await waits;
    expect(of(rows, "decision").map((row) => [row.request, row.intended, row.replica])).toEqual([
      [0, "a", "a"],
      [1, "b", "b"],
      [2, intended, "a"],
    ]);
    expect(of(rows, "decision")[2]).toMatchObject({ receivedS: 0, askedS: 0.1 });
  });

  test("one that is put back is still meant for the replica of its first try", async () => {
    const { router, rows } = observed({ replicas: [{ id: "a" }, { id: "b" }] });
    const first = router.route({ text: "b" });
    first.reject();
    (await router.acquire({ text: "b" }, { retryOf: first, exclude: new Set(["b"]) })).release();
    expect(of(rows, "decision").map((row) => [row.request, row.attempt, row.intended, row.replica])).toEqual([
      [0, 0, "b", "b"],
      [0, 1, "b", "a"],
    ]);
    expect(of(rows, "end").map(({ end }) => end)).toEqual(["rejected", "released"]);
  });

  test("requests that get no replica, and why", async () => {
    const { router, time, rows } = observed({ replicas: [{ id: "a", maxOngoingRequests: 1 }], maxQueuedRequests: 2 });
    const gone = new AbortController();
    router.route({ text: "a" });
    expect(() => router.route({ text: "a" })).toThrow("full");
    const waits = [
      router.acquire({ text: "a" }, { timeoutMs: 300 }),
      router.acquire({ text: "a" }, { signal: gone.signal }),
      router.acquire({ text: "a" }),
    ];
    const settled = Promise.allSettled(waits);
    await time.pass(100);
    gone.abort();
    await time.pass(1000);
    await settled;
    expect(
      of(rows, "turned_away").map((row) => [row.request, row.why, row.intended, row.endedS - row.receivedS]),
    ).toEqual([
      [1, "no_replica", null, 0],
      [4, "queue_full", null, 0],
      [3, "aborted", "a", 0.1],
      [2, "queue_timeout", "a", 0.3],
    ]);
  });

  test("ends with stop, which tells of the last interval, and with the router; no timer is left", async () => {
    const { router, time, rows, stop } = observed({ replicas: [{ id: "a" }] });
    const second = router.observe(() => {});
    await time.pass(500);
    stop();
    stop();
    expect(of(rows, "load").map(({ timeS }) => timeS)).toEqual([0.5]);
    router.route({ text: "a" });
    expect(rows.length).toBe(1);
    expect(time.pending).toBe(1);
    router[Symbol.dispose]();
    expect(time.pending).toBe(0);
    second.stop();
  });

  test("a callback that fails ends the tracking, is told, and the request goes on", () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const router = new Router({ policy: "random", replicas: [{ id: "a" }] });
    router.observe(() => {
      throw new Error("no more");
    });
    router.route({ text: "x" }).release();
    router.route({ text: "x" }).release();
    expect(told).toHaveBeenCalledOnce();
    expect(router.leases).toBe(0);
  });

  test("leases from before are not told of", () => {
    const router = new Router({ policy: "random", replicas: [{ id: "a" }] });
    const before = router.route({ text: "x" });
    const rows: TrackingRow[] = [];
    router.observe((row) => rows.push(row));
    before.release();
    expect(rows).toEqual([]);
  });

  test.each<[unknown, unknown, string]>([
    [1, {}, "observe must be a function, not 1"],
    [() => {}, { everySecs: 0 }, "everySecs must be above 0 and at most 2147483, not 0"],
    [() => {}, { stopwatch: 1 }, "stopwatch must be a function that gives seconds, not 1"],
    [() => {}, { every: 1 }, 'unknown option "every"; there are everySecs, stopwatch'],
  ])("refuses %o, %o", (observe, options, message) => {
    const router = new Router({ policy: "random", replicas: [{ id: "a" }] });
    expect(() => router.observe(observe as never, options as never)).toThrow(message);
  });
});
