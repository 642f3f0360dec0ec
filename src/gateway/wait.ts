import type { StopSignal } from "../protocol/index.js";
import type { Timers } from "../routing/index.js";

export const TIMED_OUT: unique symbol = Symbol("timed out");

/**
 * What the work gives if it does so in time. It is not waited for any longer once the time is over or the signal aborts, whatever
 * it does then: a transport that ignores its own signal must not hold a request.
 * @returns a promise that rejects as the work does, or with the signal's reason.
 */
export function within<Result>(
  ms: number,
  work: Promise<Result>,
  timers: Timers,
  signal: StopSignal,
): Promise<Result | typeof TIMED_OUT> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => done(() => reject(signal.reason));
    const timer = timers.setTimeout(() => done(() => resolve(TIMED_OUT)), ms);
    const done = (settle: () => void): void => {
      timers.clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(
      (result) => done(() => resolve(result)),
      (error) => done(() => reject(error)),
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

/** Tells when one of many waits takes too long: with one timer for all of them, since a stream waits for each of its pieces. */
export class WaitLimit {
  readonly #ms: number;
  readonly #clock: () => number;
  readonly #timers: Timers;
  readonly #onLate: () => void;
  #sinceS: number | null = null;
  #timer: unknown = null;

  constructor(ms: number, clock: () => number, timers: Timers, onLate: () => void) {
    this.#ms = ms;
    this.#clock = clock;
    this.#timers = timers;
    this.#onLate = onLate;
  }

  begin(): void {
    this.#sinceS = this.#clock();
    this.#timer ??= this.#timers.setTimeout(() => this.#check(), this.#ms);
  }

  end(): void {
    this.#sinceS = null;
  }

  /** There will be no other wait. */
  close(): void {
    this.end();
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #check(): void {
    this.#timer = null;
    if (this.#sinceS === null) return;
    const leftMs = this.#ms - (this.#clock() - this.#sinceS) * 1000;
    if (leftMs > 0) this.#timer = this.#timers.setTimeout(() => this.#check(), Math.ceil(leftMs));
    else this.#onLate();
  }
}
