import { InvalidArgumentError } from "../commander.js";
import { policyValue } from "../policy-module.js";

/** A name with figures of its own: `prefix_aware:imbalancedThreshold=10:spill=none`. */
export interface Spec {
  /** As it was given; names the row. */
  readonly label: string;
  readonly name: string;
  readonly values: Readonly<Record<string, number | boolean | string>>;
}

/** Reads several specs, by commas. */
export function specs(value: string): Spec[] {
  return value.split(",").map((each) => spec(each.trim()));
}

/** The same of policies: their names, paths of modules, or `oracle`. */
export function policySpecs(value: string): Spec[] {
  const given = specs(value);
  for (const { name } of given) if (name !== ORACLE) policyValue(name);
  return given;
}

/** The policy that sees into the replicas. */
export const ORACLE = "oracle";

function spec(label: string): Spec {
  const [name = "", ...pairs] = label.split(":");
  if (name === "") throw new InvalidArgumentError("A name is missing.");
  const values = pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw new InvalidArgumentError(`After a name comes option=value, not "${pair}".`);
    return [pair.slice(0, at), read(pair.slice(at + 1))] as const;
  });
  return { label, name, values: Object.fromEntries(values) };
}

/** Adds `name=value` to those before. */
export function assignment(
  value: string,
  before: Readonly<Record<string, number | boolean | string>> = {},
): Record<string, number | boolean | string> {
  const at = value.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be name=value.");
  return { ...before, [value.slice(0, at)]: read(value.slice(at + 1)) };
}

function read(text: string): number | boolean | string {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
