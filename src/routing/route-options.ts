import { checkNumber, checkString } from "./checks.js";
import type { AcquireOptions, LoadReport } from "./router.js";
import { shown } from "./shown.js";

const STRINGS = ["model", "adapter", "cacheSalt", "apiKey", "session"] as const;

/** What is given when nothing is. */
export const NO_OPTIONS: AcquireOptions = Object.freeze({});

/** @throws TypeError or RangeError that names the option. */
export function checkRoute(options: AcquireOptions): void {
  if (options === NO_OPTIONS) return;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`options must be an object, not ${shown(options)}`);
  }
  for (const name of STRINGS) checkString(name, options[name]);
  const { exclude, labels, signal, timeoutMs } = options;
  if (exclude !== undefined && !(exclude instanceof Set)) {
    throw new TypeError(`exclude must be a Set of replica ids, not ${shown(exclude)}`);
  }
  if (labels !== undefined && (typeof labels !== "object" || labels === null)) {
    throw new TypeError(`labels must be an object of strings, not ${shown(labels)}`);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw new TypeError(`signal must be an AbortSignal, not ${shown(signal)}`);
  }
  checkNumber("timeoutMs", timeoutMs, (n) => n >= 0, "0 or more");
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
    checkNumber(name, value, isCount, "0 or more");
  }
  if (kvUsage !== null) checkNumber("kvUsage", kvUsage, (n) => n >= 0 && n <= 1, "from 0 to 1");
  checkNumber("at", at, Number.isFinite, "finite, in seconds");
}

function isCount(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}
