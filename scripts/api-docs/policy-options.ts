import { POLICIES } from "../../src/routing/policies/index.js";
import type { PolicyOption } from "./model.js";

/** The options of the policy of that name, out of the table that checks them and makes the command's flags. */
export function policyOptions(policy: string): PolicyOption[] {
  const tables: Readonly<Record<string, { readonly options: object }>> = POLICIES;
  return Object.entries(tables[policy]?.options ?? {}).flatMap(([name, option]: [string, Partial<PolicyOption>]) =>
    option.about === undefined
      ? []
      : [{ name, default: shown(option.default), unit: option.unit ?? "", about: option.about }],
  );
}

function shown(value: unknown): string {
  return value === null ? "no limit" : `\`${JSON.stringify(value)}\``;
}
