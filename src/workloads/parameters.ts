/** A parameter of a workload: its default, what it accepts, what it means and where the default comes from. */
export interface Parameter<Value extends ParameterValue = ParameterValue> {
  /** Undefined: `about` tells what it is when not given. */
  readonly default: Value;
  readonly kind: "whole" | "number" | "flag";
  readonly least: number;
  readonly most: number;
  /** One line, unit included. */
  readonly about: string;
}

export type ParameterValue = number | boolean | undefined;
export type Parameters = Readonly<Record<string, Parameter>>;
/** A specification for each of a workload's values. */
export type ParametersOf<Values> = { readonly [Name in keyof Values]: Parameter<Values[Name] & ParameterValue> };

/** Far more than memory holds; sums of such numbers are exact. */
const MOST = 1e9;

/** A whole number of `least` or more. */
export function whole(value: number, about: string, least: number = 1, most: number = MOST): Parameter<number> {
  return { default: value, kind: "whole", least, most, about };
}

/** The same; what it is when not given depends on others. */
export function optionalWhole(about: string, least: number = 1, most: number = MOST): Parameter<number | undefined> {
  return { default: undefined, kind: "whole", least, most, about };
}

/** A finite number of `least` or more. */
export function amount(value: number, about: string, least: number = 0, most: number = MOST): Parameter<number> {
  return { default: value, kind: "number", least, most, about };
}

/** Seeds are 32 bits. */
export const seedParameter: Parameter<number> = whole(0, "which of the workloads of this kind", 0, 4294967295);

export function flag(value: boolean, about: string): Parameter<boolean> {
  return { default: value, kind: "flag", least: 0, most: 1, about };
}

/**
 * The values given and defaults for the rest.
 * @throws TypeError or RangeError that names the parameter, the value and what is accepted.
 */
export function checkedParameters(
  workload: string,
  specs: Parameters,
  given: Readonly<Record<string, unknown>>,
): Record<string, ParameterValue> {
  for (const name of Object.keys(given)) {
    if (given[name] === undefined || Object.hasOwn(specs, name)) continue;
    throw new RangeError(`${workload} has no parameter ${name}; it takes ${Object.keys(specs).join(", ")}`);
  }
  const values: Record<string, ParameterValue> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = given[name];
    values[name] = value === undefined ? spec.default : checked(`${workload}: ${name}`, spec, value);
  }
  return values;
}

/** @throws RangeError where the least of two parameters is above the most. */
export function checkOrder(workload: string, least: [name: string, value: number], most: [string, number]): void {
  if (least[1] <= most[1]) return;
  throw new RangeError(`${workload}: ${least[0]} must be at most ${most[0]}, ${most[1]}, not ${least[1]}`);
}

function checked(name: string, spec: Parameter, value: unknown): ParameterValue {
  if (spec.kind === "flag") {
    if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${shown(value)}`);
    return value;
  }
  const right = spec.kind === "whole" ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (right && (value as number) >= spec.least && (value as number) <= spec.most) return value as number;
  const kind = spec.kind === "whole" ? "a whole number" : "a number";
  const accepted = `${kind} from ${spec.least} to ${spec.most}`;
  const Kind = typeof value === "number" ? RangeError : TypeError;
  throw new Kind(`${name} must be ${accepted}, not ${shown(value)}`);
}

/** A value as a message shows it: short, and never throwing. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
