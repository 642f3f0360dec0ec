import type { StopSignal } from "../protocol/index.js";
import type { Timers } from "../routing/index.js";

export const TIMED_OUT: unique symbol = Symbol("timed out");

/**
 * What the work gives if it does so within the limit. It is not waited for any longer once the time is over or the signal aborts,
 * whatever it does then: a transport that ignores its own signal must not hold a request.
 * @returns a promise that rejects as the work does, or with the signal's reason.
 */
export function within<Result>(
  limit: WaitLimit,
  work: Promise<Result>,
  signal: StopSignal,
): Promise<Result | typeof TIMED_OUT> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      wait.end();
      reject(signal.reason);
    };
    const wait = limit.begin(() => {
      signal.removeEventListener("abort", onAbort);
      resolve(TIMED_OUT);
    });
    const over = (): void => {
      wait.end();
      signal.removeEventListener("abort", onAbort);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(
      (result) => {
        over();
        resolve(result);
      },
      (error) => {
        over();
        reject(error);
      },
    );
  });
}

/** Waits; a signal ends it early. */
export function pause(ms: number, timers: Timers, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timers.clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = timers.setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}

/**
 * Tells of waits that take too long, with one timer for all that are under way: each request waits for its answer, and each stream for
 * each of its pieces. O(1) a wait.
 */
export class WaitLimit {
  readonly #ms: number;
  readonly #clock: () => number;
  readonly #timers: Timers;
  /** All have the same time, so they are over in the order in which they began. */
  readonly #first: Wait;
  #timer: unknown = null;

  constructor(ms: number, clock: () => number, timers: Timers) {
    this.#ms = ms;
    this.#clock = clock;
    this.#timers = timers;
    this.#first = new Wait(this, 0, () => {});
  }

  /** @param onLate is called once, unless the wait ends before. */
  begin(onLate: () => void): Wait {
    const wait = new Wait(this, this.#clock() + this.#ms / 1000, onLate);
    wait.linkBefore(this.#first);
    this.#timer ??= this.#timers.setTimeout(this.#check, this.#ms);
    return wait;
  }

  /** @internal Of waits: one has ended. */
  ended(): void {
    if (this.#first.next !== this.#first || this.#timer === null) return;
    // A timer would keep a process from ending.
    this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  readonly #check = (): void => {
    this.#timer = null;
    const nowS = this.#clock();
    for (let wait = this.#first.next; wait !== this.#first; wait = this.#first.next) {
      // Timers have whole milliseconds; a difference of seconds is a little above or below them.
      const leftMs = Math.round((wait.untilS - nowS) * 1000);
      if (leftMs > 0) {
        this.#timer = this.#timers.setTimeout(this.#check, leftMs);
        return;
      }
      wait.unlink();
      wait.onLate();
    }
  };
}

/** One wait under way: a link of a ring. */
export class Wait {
  readonly untilS: number;
  readonly onLate: () => void;
  readonly #limit: WaitLimit;
  #before: Wait = this;
  #next: Wait = this;

  constructor(limit: WaitLimit, untilS: number, onLate: () => void) {
    this.#limit = limit;
    this.untilS = untilS;
    this.onLate = onLate;
  }

  get next(): Wait {
    return this.#next;
  }

  linkBefore(next: Wait): void {
    this.#next = next;
    this.#before = next.#before;
    this.#before.#next = this;
    next.#before = this;
  }

  unlink(): void {
    this.#before.#next = this.#next;
    this.#next.#before = this.#before;
    this.#next = this;
    this.#before = this;
  }

  /** A second call does nothing. */
  end(): void {
    if (this.#next === this) return;
    this.unlink();
    this.#limit.ended();
  }
}
