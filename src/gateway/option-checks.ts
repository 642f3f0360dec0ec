/** What an option must be: throws a TypeError or RangeError that names it, shows its value and says what is accepted. */

/** A number in a range. Whole numbers only where `whole` says so. */
export interface NumberRule {
  readonly least: number;
  readonly most?: number;
  readonly whole?: boolean;
  /** For the message: "milliseconds", "bytes". */
  readonly unit?: string;
}

export function checkNumber(name: string, value: unknown, rule: NumberRule): void {
  const { least, most = Number.POSITIVE_INFINITY, whole = false, unit } = rule;
  const accepted = `${whole ? "a whole number" : "a number"}${unit === undefined ? "" : ` of ${unit}`}, ${
    most === Number.POSITIVE_INFINITY ? `${least} or more` : `from ${least} to ${most}`
  }`;
  if (typeof value !== "number") throw new TypeError(`${name} must be ${accepted}, not ${shown(value)}`);
  if (!(value >= least && value <= most) || (whole && !Number.isSafeInteger(value))) {
    throw new RangeError(`${name} must be ${accepted}, not ${value}`);
  }
}

export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${shown(value)}`);
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, not ${shown(value)}`);
}

/** @throws TypeError for what is no object, and for a field that is not one of these. */
export function checkFields(name: string, value: unknown, fields: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object, not ${shown(value)}`);
  }
  for (const field of Object.keys(value)) {
    if (fields.includes(field)) continue;
    throw new TypeError(`unknown option ${JSON.stringify(field)} in ${name}; there are ${fields.join(", ")}`);
  }
}

/** Short, and never throwing. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}
