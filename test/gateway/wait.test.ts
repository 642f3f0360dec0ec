import { describe, expect, test } from "vitest";
import { TIMED_OUT, WaitLimit, within } from "../../src/gateway/wait.js";
import { Stop } from "../../src/protocol/index.js";
import fc from "../properties.js";

/** Time that passes when it is told to, with the timers that go off in it. */
class Time {
  ms = 0;
  readonly #timers = new Map<number, { atMs: number; callback: () => void }>();
  #last = 0;

  readonly clock = (): number => this.ms / 1000;
  readonly timers = {
    setTimeout: (callback: () => void, ms: number) => {
      this.#timers.set(++this.#last, { atMs: this.ms + ms, callback });
      return this.#last;
    },
    clearTimeout: (timer: unknown) => void this.#timers.delete(timer as number),
  };

  get pending(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    const untilMs = this.ms + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { atMs }]) => atMs <= untilMs).sort((a, b) => a[1].atMs - b[1].atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.ms = due[1].atMs;
      due[1].callback();
    }
    this.ms = untilMs;
  }
}

describe("WaitLimit", () => {
  test("tells of a wait that is too long, once, and of none that has ended", () => {
    const time = new Time();
    const limit = new WaitLimit(100, time.clock, time.timers);
    const late: string[] = [];
    limit.begin(() => late.push("a"));
    time.pass(60);
    const b = limit.begin(() => late.push("b"));
    limit.begin(() => late.push("c"));
    time.pass(39);
    expect(late).toEqual([]);
    time.pass(1);
    expect(late).toEqual(["a"]);
    b.end();
    b.end();
    time.pass(1000);
    expect(late).toEqual(["a", "c"]);
  });

  test("keeps one timer while there are waits, and none after", () => {
    const time = new Time();
    const limit = new WaitLimit(100, time.clock, time.timers);
    const waits = Array.from({ length: 50 }, () => limit.begin(() => {}));
    expect(time.pending).toBe(1);
    for (const wait of waits) wait.end();
    expect(time.pending).toBe(0);
    limit.begin(() => {});
    time.pass(100);
    expect(time.pending).toBe(0);
  });

  test("a wait may begin another one when it is late", () => {
    const time = new Time();
    const limit = new WaitLimit(100, time.clock, time.timers);
    const lateMs: number[] = [];
    const again = (): void => {
      lateMs.push(time.ms);
      if (lateMs.length < 3) limit.begin(again);
    };
    limit.begin(again);
    time.pass(1000);
    expect(lateMs).toEqual([100, 200, 300]);
  });

  test("agrees with a timer for each wait", () => {
    const step = fc.record({ passMs: fc.nat(80), end: fc.option(fc.nat(30)) });
    // 0.101 s - 0.1 s is more than a millisecond.
    const another = { passMs: 1, end: null };
    const unequal = [another, { passMs: 100, end: null }, { passMs: 0, end: 1 }];
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const time = new Time();
        const limit = new WaitLimit(100, time.clock, time.timers);
        const late: number[] = [];
        const expected: number[] = [];
        const waits: { end(): void }[] = [];
        const alone: unknown[] = [];
        for (const [i, { passMs, end }] of steps.entries()) {
          waits.push(limit.begin(() => late.push(i)));
          alone.push(time.timers.setTimeout(() => expected.push(i), 100));
          if (end !== null) {
            waits[end % waits.length]!.end();
            time.timers.clearTimeout(alone[end % alone.length]);
          }
          time.pass(passMs);
        }
        time.pass(200);
        expect(late).toEqual(expected);
        expect(time.pending).toBe(0);
      }),
      { examples: [[unequal]] },
    );
  });
});

describe("within", () => {
  const never = new Promise<string>(() => {});

  test("gives what the work gives, or its error, and leaves no timer", async () => {
    const time = new Time();
    const limit = new WaitLimit(100, time.clock, time.timers);
    expect(await within(limit, Promise.resolve("done"), new Stop())).toBe("done");
    await expect(within(limit, Promise.reject(new Error("failed")), new Stop())).rejects.toThrow("failed");
    expect(time.pending).toBe(0);
  });

  test("does not wait for longer than the limit, nor after the signal", async () => {
    const time = new Time();
    const limit = new WaitLimit(100, time.clock, time.timers);
    const late = within(limit, never, new Stop());
    time.pass(100);
    expect(await late).toBe(TIMED_OUT);
    const stop = new Stop();
    const stopped = within(limit, never, stop);
    stop.abort(new Error("left"));
    await expect(stopped).rejects.toThrow("left");
    await expect(within(limit, never, stop)).rejects.toThrow("left");
    expect(time.pending).toBe(0);
  });
});
