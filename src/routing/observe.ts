import { checkFields, checkFunction, checkNumber } from "./checks.js";
import { type Observed, Observer } from "./observer.js";
import { Repeater } from "./repeater.js";
import type { Timers } from "./timers.js";
import type { TrackingRow } from "./tracking-rows.js";
import { type RouterEvent, untilItFails, type Watchers } from "./watch.js";

/** How a router is tracked. */
export interface ObserveOptions {
  /** Seconds between two rows of load, characters and evictions. Default: 1. */
  everySecs?: number;
  /** Times the stages, in seconds: `() => performance.now() / 1000`. Default: the router's clock, whose steps may be too long. */
  stopwatch?: () => number;
}

/** Tracking, until it is stopped. */
export interface Observation {
  /** Ends it, with the rows of a last interval; a second call does nothing. */
  stop(): void;
  /** As `stop`. */
  [Symbol.dispose](): void;
}

/** @throws TypeError or RangeError that names the option, its value and what is accepted. */
export function checkObserve(observe: unknown, options: ObserveOptions): void {
  checkFunction("observe", observe);
  checkFields("options", options, OBSERVE_OPTIONS);
  const { everySecs, stopwatch } = options;
  checkNumber("everySecs", everySecs, (n) => n > 0 && n <= 2_147_483, "above 0 and at most 2147483");
  if (stopwatch !== undefined) checkFunction("stopwatch", stopwatch, "a function that gives seconds");
}

const OBSERVE_OPTIONS = ["everySecs", "stopwatch"];

/** Begins to track. What `observe` or `stopwatch` throws ends it. */
export function startObserving(
  watchers: Watchers,
  observed: Observed,
  observe: (row: TrackingRow) => void,
  time: { readonly clock: () => number; readonly timers: Timers },
  { everySecs = 1, stopwatch = time.clock }: ObserveOptions,
): Observation {
  let stopped = false;
  const tell = (row: TrackingRow): void => {
    if (!stopped) observe(row);
  };
  const observer = new Observer(observed, tell, time.clock, stopwatch);
  const stop = (): void => {
    stopped = true;
    repeater.stop();
    watchers.remove(watch);
  };
  const orEnd = untilItFails(() => stopped, stop, "the tracking ends here, since its callback failed");
  const repeater = new Repeater(time.timers, (work) => orEnd(() => work(0)));
  const watch = (event: RouterEvent): void => {
    if (event.what === "disposed") stop();
    else orEnd(() => observer.hear(event));
  };
  watchers.add(watch);
  repeater.every(everySecs, () => observer.sample());
  const end = (): void => {
    orEnd(() => observer.sample());
    if (!stopped) stop();
  };
  return { stop: end, [Symbol.dispose]: end };
}
