import { afterEach, describe, expect, test, vi } from "vitest";
import { Router, type RouterOptions } from "../../src/index.js";
import { named, settled, VirtualTime } from "./support.js";

afterEach(() => void vi.restoreAllMocks());

/** A router whose clock and timers fail when they are told to. */
function failing(options: Partial<RouterOptions> = {}) {
  const time = new VirtualTime();
  const fails = { clock: Number.POSITIVE_INFINITY, setTimeout: false, clearTimeout: false };
  const events: string[] = [];
  const router = new Router({
    policy: named(events),
    replicas: [{ id: "a", maxOngoingRequests: 1 }],
    clock: () => {
      if (fails.clock-- <= 0) throw new Error("the clock fails");
      return time.clock();
    },
    timers: {
      setTimeout: (callback, ms) => {
        if (fails.setTimeout) throw new Error("the timers fail");
        return time.timers.setTimeout(callback, ms);
      },
      clearTimeout: (handle) => {
        if (fails.clearTimeout) throw new Error("the timers fail");
        time.timers.clearTimeout(handle);
      },
    },
    ...options,
  });
  events.length = 0;
  return { router, fails, events, time };
}

/** As an AbortSignal of an old runtime, or another library's: with no more than it must have. */
class PlainSignal {
  aborted = false;
  reason: unknown;
  readonly listeners = new Set<EventListenerOrEventListenerObject>();

  addEventListener(_type: string, listener: EventListenerOrEventListenerObject): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: string, listener: EventListenerOrEventListenerObject): void {
    this.listeners.delete(listener);
  }

  abort(reason?: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) {
      if (typeof listener === "function") listener(new Event("abort"));
      else listener.handleEvent(new Event("abort"));
    }
  }
}

const asSignal = (signal: object): AbortSignal => signal as AbortSignal;

describe("a clock that fails", () => {
  test.each([0, 1])("at its reading number %i for a choice takes no place", (reading) => {
    const { router, fails, events } = failing({ leaseIdleSecs: 5 });
    fails.clock = reading;
    expect(() => router.route({ text: "x" })).toThrow("the clock fails");
    expect([router.leases, router.replicas[0]!.queueLength, events]).toEqual([0, 0, []]);
    fails.clock = Number.POSITIVE_INFINITY;
    expect(router.route({ text: "x" }).live).toBe(true);
  });

  test.each(["release", "reject"] as const)("at the end of a lease (%s): the place is free, the policy told", (end) => {
    const { router, fails, events } = failing();
    const lease = router.route({ text: "x" });
    fails.clock = 0;
    expect(() => lease[end]()).toThrow("the clock fails");
    expect(router.leases).toBe(0);
    expect(events.at(-1)).toBe('released a {"timeS":0}');
  });

  test("leaves nothing of the work that kv_cost has booked", () => {
    const { router, fails } = failing({ policy: "kv_cost", replicas: [{ id: "a" }] });
    const lease = router.route({ text: "x".repeat(640) });
    fails.clock = 0;
    expect(() => lease.release()).toThrow("the clock fails");
    fails.clock = Number.POSITIVE_INFINITY;
    const { candidates } = router.route({ text: "y".repeat(64) }, { explain: true }).decision;
    expect(candidates[0]!.score).toBe(2);
  });

  test("within accept leaves the request as it was", () => {
    const { router, fails, events } = failing({ leaseIdleSecs: 5 });
    const lease = router.route({ text: "x" });
    fails.clock = 0;
    expect(() => lease.accept()).toThrow("the clock fails");
    fails.clock = Number.POSITIVE_INFINITY;
    lease.accept();
    expect(events.at(-1)).toBe("accepted a x");
  });

  test("when idle leases are looked for is told, and they end later", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const { router, fails, time } = failing({ leaseIdleSecs: 5 });
    const lease = router.route({ text: "x" });
    fails.clock = 0;
    await time.pass(5000);
    expect([told.mock.calls.length, lease.live]).toEqual([1, true]);
    fails.clock = Number.POSITIVE_INFINITY;
    await time.pass(5000);
    expect(lease.end).toBe("idle");
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, "5", 5n, undefined])("gives %s: no time", (value) => {
    let given: unknown = 0;
    const { router } = failing({ clock: () => given as number });
    given = value;
    expect(() => router.route({ text: "x" })).toThrow(/^clock must give finite seconds, not/);
    expect(router.leases).toBe(0);
  });
});

test("a clock that is put back does not keep idle leases alive", async () => {
  const time = new VirtualTime();
  let backS = 0;
  const { clock: forth, timers } = time;
  const router = new Router({
    policy: "random",
    replicas: [{ id: "a" }],
    clock: () => forth() - backS,
    timers,
    leaseIdleSecs: 5,
  });
  const before = router.route({ text: "x" });
  await time.pass(1000);
  backS = 3600;
  const after = router.route({ text: "y" });
  // The second before is lost, since nobody had read the clock in it.
  await time.pass(4999);
  expect([before.end, after.end]).toEqual([null, null]);
  await time.pass(1);
  expect([before.end, after.end, router.leases]).toEqual(["idle", "idle", 0]);
});

describe("timers that fail", () => {
  test("for a lease with an idle limit take no place", () => {
    const { router, fails } = failing({ leaseIdleSecs: 5 });
    fails.setTimeout = true;
    expect(() => router.route({ text: "x" })).toThrow("the timers fail");
    expect(router.leases).toBe(0);
  });

  test("for a wait turn the request away", async () => {
    const { router, fails } = failing();
    router.route({ text: "x" });
    fails.setTimeout = true;
    await expect(router.acquire({ text: "y" }, { timeoutMs: 5 })).rejects.toThrow("the timers fail");
    expect(router.waiting).toBe(0);
  });

  test("when a wait is over: the request has its place", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const { router, fails } = failing();
    const first = router.route({ text: "x" });
    const waiting = router.acquire({ text: "y" }, { timeoutMs: 5 });
    fails.clearTimeout = true;
    first.release();
    expect((await waiting).live).toBe(true);
    expect([router.leases, router.waiting, told.mock.calls.length]).toEqual([1, 0, 1]);
  });
});

describe("a signal", () => {
  test("without throwIfAborted, as old runtimes have it, ends waits and leases", async () => {
    const { router } = failing();
    const [one, other] = [new PlainSignal(), new PlainSignal()];
    const lease = router.route({ text: "x" }, { signal: asSignal(one) });
    const waiting = router.acquire({ text: "y" }, { signal: asSignal(other) });
    other.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    one.abort(new Error("gone"));
    expect([lease.end, router.leases]).toEqual(["aborted", 0]);
    expect(() => router.route({ text: "x" }, { signal: asSignal(one) })).toThrow("gone");
    expect([one.listeners.size, other.listeners.size]).toEqual([0, 0]);
  });

  test("that cannot be listened to takes no place, and no wait", async () => {
    const { router, events } = failing();
    const signal = asSignal(new PlainSignal());
    signal.addEventListener = () => {
      throw new Error("the signal fails");
    };
    expect(() => router.route({ text: "x" }, { signal })).toThrow("the signal fails");
    expect([router.leases, events]).toEqual([0, []]);
    const lease = router.route({ text: "x" });
    await expect(router.acquire({ text: "y" }, { signal })).rejects.toThrow("the signal fails");
    expect(router.waiting).toBe(0);
    lease.release();
    expect(router.leases).toBe(0);
  });

  test("that cannot be left: the lease ends all the same", () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    const { router } = failing();
    const signal = asSignal(new PlainSignal());
    signal.removeEventListener = () => {
      throw new Error("the signal fails");
    };
    router.route({ text: "x" }, { signal }).release();
    expect([router.leases, told.mock.calls.length]).toEqual([0, 1]);
  });

  test("that calls its listener at once gives a lease that has ended", () => {
    const { router } = failing();
    const signal = new PlainSignal();
    signal.addEventListener = (_type, listener) => {
      signal.reason = new Error("at once");
      (listener as EventListenerObject).handleEvent(new Event("abort"));
    };
    expect(router.route({ text: "x" }, { signal: asSignal(signal) }).end).toBe("aborted");
    expect(router.leases).toBe(0);
  });

  test.each(["choose", "onRouted"] as const)("that aborts within the policy's %s leaves no lease", async (call) => {
    let controller = new AbortController();
    const policy = named();
    const { choose } = policy;
    const abort = (): void => controller.abort(new Error("enough"));
    const { router } = failing({
      policy: {
        ...policy,
        choose(request) {
          if (call === "choose") abort();
          return choose(request);
        },
        onRouted: () => {
          if (call === "onRouted") abort();
        },
      },
    });
    const route = () => router.route({ text: "x" }, { signal: controller.signal });
    if (call === "choose") expect(route).toThrow("enough");
    else expect(route().end).toBe("aborted");
    expect(router.leases).toBe(0);
    controller = new AbortController();
    await expect(router.acquire({ text: "x" }, { signal: controller.signal })).rejects.toThrow("enough");
    expect([router.leases, router.waiting]).toEqual([0, 0]);
  });

  test.each([null, 5, {}, { addEventListener() {} }, { addEventListener() {}, removeEventListener() {} }])(
    "is no %j",
    (signal) => {
      const { router } = failing();
      expect(() => router.route({ text: "x" }, { signal: signal as never })).toThrow(
        /^signal must be an AbortSignal, not/,
      );
    },
  );
});

test.each<[object | null, string]>([
  [{ sesion: "s" }, 'unknown option "sesion"; there are model, adapter, cacheSalt, apiKey, session, exclude, labels,'],
  [null, "options must be an object, not null"],
  [{ exclude: new Set([1n]) }, "exclude must be a Set of replica ids, not of 1"],
  [{ exclude: ["a"] }, "exclude must be a Set of replica ids, not an array"],
  [{ labels: { zone: 1n } }, "labels must be an object of strings: zone is 1"],
  [{ labels: { zone: undefined } }, "labels must be an object of strings: zone is undefined"],
  [{ labels: ["zone"] }, "labels must be an object of strings, not an array"],
])("what is asked for is checked: %o", async (options, message) => {
  const { router } = failing();
  expect(() => router.route({ text: "x" }, options as never)).toThrow(message);
  await expect(router.acquire({ text: "x" }, options as never)).rejects.toThrow(message);
  expect([router.leases, router.waiting]).toEqual([0, 0]);
});

test("a policy that fails at the end of a rejected lease is told of its release all the same", async () => {
  const events: string[] = [];
  const { router } = failing({
    policy: {
      ...named(events),
      onRejected: () => {
        throw new Error("the policy fails");
      },
    },
  });
  const lease = router.route({ text: "x" });
  const waiting = router.acquire({ text: "y" });
  expect(() => lease.reject()).toThrow("the policy fails");
  expect(events).toContain('released a {"timeS":0}');
  expect((await waiting).live).toBe(true);
  await settled();
});
