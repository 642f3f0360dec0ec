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

/** @throws TypeError for what is no object of strings. */
export function checkLabels(name: string, labels: unknown): void {
  if (typeof labels !== "object" || labels === null || Array.isArray(labels)) {
    throw new TypeError(`${name} must be an object of strings, not ${shown(labels)}`);
  }
  for (const [label, value] of Object.entries(labels)) checkString(`${name}.${label}`, value ?? null);
}

/** Not `every`, which passes over holes. */
export function isStrings(values: unknown): boolean {
  if (!Array.isArray(values)) return false;
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== "string") return false;
  return true;
}
