import { checkFields, checkLabels, checkNumber, checkString } from "./checks.js";
import type { AcquireOptions, LoadReport } from "./router.js";
import { shown } from "./shown.js";

const STRINGS = ["model", "adapter", "cacheSalt", "apiKey", "session"] as const;

const ROUTE_OPTIONS: readonly string[] = [...STRINGS, "exclude", "labels", "signal", "explain", "timeoutMs", "retryOf"];

/** What is given when nothing is. */
export const NO_OPTIONS: AcquireOptions = Object.freeze({});

/** @throws TypeError or RangeError that names the option. */
export function checkRoute(options: AcquireOptions): void {
  if (options === NO_OPTIONS) return;
  checkFields("options", options, ROUTE_OPTIONS);
  for (const name of STRINGS) checkString(name, options[name]);
  const { exclude, labels, signal, timeoutMs } = options;
  if (exclude !== undefined) checkExclude(exclude);
  if (labels !== undefined) checkLabels("labels", labels);
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${shown(signal)}`);
  }
  checkNumber("timeoutMs", timeoutMs, (n) => n >= 0, "0 or more");
}

function checkExclude(exclude: unknown): void {
  if (!(exclude instanceof Set)) throw new TypeError(`exclude must be a Set of replica ids, not ${shown(exclude)}`);
  for (const id of exclude) {
    if (typeof id !== "string") throw new TypeError(`exclude must be a Set of replica ids, not of ${shown(id)}`);
  }
}

/** What a request needs of one: old runtimes' signals have no more. */
function isSignal(signal: Partial<AbortSignal> | null): boolean {
  return (
    typeof signal?.aborted === "boolean" &&
    typeof signal.addEventListener === "function" &&
    typeof signal.removeEventListener === "function"
  );
}

/** @throws TypeError or RangeError that names the figure. */
export function checkLoad(report: LoadReport): void {
  if (typeof report !== "object" || report === null) {
    throw new TypeError(`the load must be an object, not ${shown(report)}`);
  }
  const { running, waiting, kvUsage, at } = report;
  for (const [name, value] of [
    ["running", running],
    ["waiting", waiting],
  ] as const) {
    if (value === undefined) throw new TypeError(`${name} must be a number, 0 or more, not undefined`);
    checkNumber(name, value, isCount, `from 0 to ${MOST_REQUESTS}`);
  }
  if (kvUsage !== null) checkNumber("kvUsage", kvUsage, (n) => n >= 0 && n <= 1, "from 0 to 1");
  checkNumber("at", at, Number.isFinite, "finite, in seconds");
}

/** As far as the clock of who asked the replica may be ahead of the router's. */
const MOST_AHEAD_S = 60;

/** @throws RangeError for a report of a time far ahead. */
export function checkReportTime(atS: number, nowS: number): void {
  if (atS <= nowS + MOST_AHEAD_S) return;
  throw new RangeError(
    `at must be seconds by the router's clock, which is at ${nowS}, and at most 60 ahead, not ${atS}`,
  );
}

/** More than any replica has; sums of them are exact. */
const MOST_REQUESTS = 1e9;

function isCount(value: number): boolean {
  return value >= 0 && value <= MOST_REQUESTS;
}
