import type { LeaseReport } from "./lease.js";
import { shown } from "./shown.js";

const NUMBERS = ["ttftMs", "cachedTokens", "promptTokens", "completionTokens"] as const;

export function checkReport(report: LeaseReport): void {
  if (typeof report !== "object" || report === null) {
    throw new TypeError(`the report must be an object, not ${shown(report)}`);
  }
  for (const name of NUMBERS) {
    const value: unknown = report[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number") throw new TypeError(`${name} must be a number, 0 or more, not ${shown(value)}`);
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`${name} must be a finite number, 0 or more, not ${value}`);
    }
  }
}

export function checkQueueLength(queueLength: unknown): void {
  if (queueLength !== undefined && !(Number.isSafeInteger(queueLength) && (queueLength as number) >= 0)) {
    throw new RangeError(`queueLength must be a whole number, 0 or more, not ${shown(queueLength)}`);
  }
}
