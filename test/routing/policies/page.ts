import { readFileSync } from "node:fs";
import { POLICIES, type PolicyOption } from "../../../src/index.js";

const FILES: Readonly<Record<string, string>> = { random: "random-choice" };

/** docs/policies.md: the head of each policy's file, and its table of options. */
export function policyPage(): string {
  const parts = Object.entries(POLICIES).map(([name, { options }]) => {
    const file = `src/routing/policies/${FILES[name] ?? name.replaceAll("_", "-")}.ts`;
    return `## ${name}\n\n${rules(readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8"), name)}\n${table(options)}`;
  });
  return `${HEAD}\n${parts.join("\n")}`;
}

const HEAD = `# Policies

How a replica is chosen: \`new Router({ policy: "prefix_aware", … })\`, \`warmroute serve --policy prefix_aware\`. Options are given
beside \`policy\`; on the command line \`matchRateThreshold\` is \`--match-rate-threshold\`. Load is a replica's live leases and what
it reported beyond them. Ties go by load, then to a seeded random choice, never to list order. Every memory is bounded.

A policy of your own is an object of the type \`Policy\`, a function that makes one, or on the command line the path of a module
whose default export is either: [an example](../examples/custom-policy/warm-unless-busy.mjs).

This page is made from the policies' own files by \`npx vitest run test/routing/policies/options.test.ts -u\`.
`;

const HEADINGS = "Rule|Formula|Formula, in blocks|Source|Differs|Mind";

/** The doc comment that begins with the policy's name, a paragraph for each of its parts; its options are in the table. */
function rules(source: string, name: string): string {
  const comment = source.split("/**").find((part) => part.includes(` * \`${name}\`:`))!;
  const lines = comment.slice(0, comment.indexOf("*/")).split("\n");
  const text = lines
    .map((line) => line.replace(/^ \* ?/, "").trim())
    .join("\n")
    .trim();
  const [summary, rest] = text.split("\n\n");
  const parts = rest!.split(new RegExp(`\\n(?=(?:${HEADINGS}|Defaults|Options):)`));
  return [
    sentence(summary!.replace(`\`${name}\`:`, "")),
    ...parts
      .filter((part) => !/^(Defaults|Options):/.test(part))
      .map((part) =>
        part.replace(
          /^([^:]+):(.*)$/s,
          (_, heading, body) => `**${heading}.** ${heading.startsWith("Formula") ? oneLine(body) : sentence(body)}`,
        ),
      ),
  ].join("\n\n");
}

function sentence(text: string): string {
  const line = oneLine(text);
  return line[0]!.toUpperCase() + line.slice(1);
}

function oneLine(text: string): string {
  return text.replaceAll("\n", " ").trim();
}

function table(options: Readonly<Record<string, PolicyOption>>): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `\`${name}\``,
    shown(option.default),
    "unit" in option ? option.unit : "",
    accepted(option),
    option.about,
  ]);
  return rows.length === 0
    ? "\nNo options.\n"
    : `\n${aligned([["option", "default", "unit", "accepts", ""], ...rows])}\n`;
}

/** A table as the formatter wants it. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  return lines.join("\n");
}

function shown(value: unknown): string {
  if (value === null) return "no limit";
  return typeof value === "number" ? value.toLocaleString("en-US") : String(value);
}

function accepted(option: PolicyOption): string {
  if (option.kind === "flag") return "true, false";
  if (option.kind === "word") return option.words.map((word) => `"${word}"`).join(", ");
  const { least, above, most } = option;
  const range =
    most === undefined ? (above === undefined ? `≥ ${least}` : `> ${above}`) : `${least ?? `above ${above}`} … ${most}`;
  return option.kind === "whole" ? `whole, ${range}` : range;
}
