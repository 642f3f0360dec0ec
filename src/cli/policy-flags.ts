import { allPolicyOptions, checkOption, POLICIES, type PolicyName, type PolicyOption } from "../routing/index.js";
import { type Command, InvalidArgumentError, Option } from "./commander.js";

/** The names of all options of policies, as `RouterOptions` has them. */
export const POLICY_OPTIONS: readonly string[] = [...allPolicyOptions().keys()];

/** The policies, a line each. */
export function policyLines(): string {
  const width = Math.max(...Object.keys(POLICIES).map((name) => name.length));
  return Object.entries(POLICIES)
    .map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
    .join("\n");
}

/** Adds a flag for every option of every policy, those of the same policies under one heading. */
export function addPolicyFlags(command: Command): Command {
  const groups = new Map<string, Option[]>();
  for (const [name, { option, policies }] of allPolicyOptions()) {
    const heading = `Options of ${policies.join(", ")}:`;
    const group = groups.get(heading) ?? [];
    group.push(flag(name, option, policies));
    groups.set(heading, group);
  }
  for (const [heading, flags] of groups) {
    command.optionsGroup(heading);
    for (const each of flags) command.addOption(each);
  }
  return command;
}

function flag(name: string, option: PolicyOption, policies: readonly PolicyName[]): Option {
  const about = `${option.about} (${"unit" in option && option.unit !== "" ? `${option.unit}; ` : ""}default: ${defaults(name, policies)})`;
  const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (option.kind === "flag") return new Option(`--${dashed}`, about);
  if (option.kind === "word") return new Option(`--${dashed} <word>`, about).choices([...option.words]);
  return new Option(`--${dashed} <${option.kind === "whole" ? "count" : "number"}>`, about).argParser((text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    try {
      checkOption(name, option, value);
    } catch (error) {
      throw new InvalidArgumentError(`${(error as Error).message}.`);
    }
    return value;
  });
}

/** "5", or where policies differ "5 for a, 6 for b". */
function defaults(name: string, policies: readonly PolicyName[]): string {
  const byValue = new Map<string, PolicyName[]>();
  for (const policy of policies) {
    const value = shownDefault(POLICIES[policy].options[name]!);
    byValue.set(value, [...(byValue.get(value) ?? []), policy]);
  }
  if (byValue.size === 1) return [...byValue.keys()][0]!;
  return [...byValue].map(([value, those]) => `${value} for ${those.join(" and ")}`).join(", ");
}

function shownDefault({ kind, default: value }: PolicyOption): string {
  if (kind === "flag") return value === true ? "on" : "off";
  return value === null ? "no limit" : String(value);
}
