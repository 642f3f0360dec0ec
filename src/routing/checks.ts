import { shown } from "./shown.js";

export function checkNumber(name: string, value: unknown, isRight: (value: number) => boolean, accepted: string): void {
  if (value === undefined) return;
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, ${accepted}, not ${shown(value)}`);
  if (!isRight(value)) throw wrong(name, value, accepted);
}

/** @param what it must be: "a function that gives seconds". */
export function checkFunction(name: string, value: unknown, what = "a function"): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be ${what}, not ${shown(value)}`);
}

/**
 * @param where it stands, for the message; nothing where these are the options themselves.
 * @throws TypeError for what is no object, or has a field of another name.
 */
export function checkFields(name: string, value: unknown, fields: readonly string[], where = ""): void {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`${name} must be an object, not ${shown(value)}`);
  }
  for (const field of Object.keys(value)) {
    if (!fields.includes(field)) {
      throw new TypeError(`unknown option ${shown(field)}${where}; there are ${fields.join(", ")}`);
    }
  }
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
  for (const [label, value] of Object.entries(labels)) {
    if (typeof value !== "string") {
      throw new TypeError(`${name} must be an object of strings: ${label} is ${shown(value)}`);
    }
  }
}

/** Not `every`, which passes over holes. */
export function isStrings(values: unknown): boolean {
  if (!Array.isArray(values)) return false;
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== "string") return false;
  return true;
}
