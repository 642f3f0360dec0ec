import { shown } from "./shown.js";

export function checkNumber(name: string, value: unknown, isRight: (value: number) => boolean, accepted: string): void {
  if (value === undefined) return;
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, ${accepted}, not ${shown(value)}`);
  if (!isRight(value)) throw wrong(name, value, accepted);
}

export function checkString(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "string") {
    throw new TypeError(`${name} must be a string, not ${shown(value)}`);
  }
}

export function wrong(name: string, value: unknown, accepted: string): RangeError {
  return new RangeError(`${name} must be ${accepted}, not ${shown(value)}`);
}
