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
  signal: AbortSignal,
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
export function pause(ms: number, timers: Timers, signal: AbortSignal): Promise<void> {
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
