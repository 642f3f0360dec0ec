import { readFileSync } from "node:fs";

/** A part of a JSON Schema, as far as the page tells it. */
interface Part {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly unit?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Part>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Part | boolean;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
  /** Which policy has which options. */
  readonly allOf?: readonly { readonly if?: Part; readonly then?: Part }[];
}

const INTRODUCTION = new URL("introduction.md", import.meta.url);

/** The page: what there is to say by hand, then a table for each mapping of a configuration. */
export function configurationPage(schema: object): string {
  const root = schema as Part;
  return [
    readFileSync(INTRODUCTION, "utf8").trim(),
    "## Every key",
    ...sections("", root).flatMap(({ path, part }) => [
      path === "" ? "### The file" : `### \`${path}\``,
      sentence(part.description ?? ""),
      table(part),
    ]),
    "",
  ].join("\n\n");
}

/** A mapping, and those in it, in the order of their keys. */
function sections(path: string, part: Part): { path: string; part: Part }[] {
  const own = Object.entries(part.properties ?? {}).flatMap(([name, each]) => {
    const inner = mappingOf(each);
    const at = path === "" ? name : `${path}.${name}`;
    return inner === null ? [] : sections(inner.list ? `${at}[]` : at, inner.part);
  });
  const policies = (part.allOf ?? []).flatMap(({ if: given, then }) => {
    const policy = given?.properties?.policy?.const;
    const options = then?.properties?.policyOptions;
    if (options?.properties === undefined || Object.keys(options.properties).length === 0) return [];
    return [{ path: `${path}.policyOptions of ${String(policy)}`, part: options }];
  });
  return [{ path, part }, ...policies, ...own];
}

/** The mapping that a value is, may be, or is a list of. */
function mappingOf(part: Part): { part: Part; list: boolean } | null {
  if (part.properties !== undefined) return { part, list: false };
  if (part.items?.properties !== undefined) return { part: part.items, list: true };
  const choice = part.anyOf?.find(({ properties }) => properties !== undefined);
  return choice === undefined ? null : { part: choice, list: false };
}

/** The rules of policies are lines of a list elsewhere. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.:]$/.test(text) ? "" : "."}`;
}

function table({ properties = {}, required = [] }: Part): string {
  const rows = Object.entries(properties).map(([name, part]) => [
    `\`${name}\`${required.includes(name) ? " (required)" : ""}`,
    accepted(part),
    part.default === undefined ? "" : `\`${JSON.stringify(part.default)}\``,
    part.unit ?? "",
    part.description ?? "",
  ]);
  return [["key", "accepted", "default", "unit", "meaning"], ["---", "---", "---", "---", "---"], ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`)
    .join("\n");
}

function accepted(part: Part): string {
  if (part.anyOf !== undefined) {
    const words = part.anyOf.flatMap(({ const: word }) => (typeof word === "string" ? [`\`${word}\``] : []));
    if (words.length > 0) return `${words.join(", ")}, or a path`;
    return part.anyOf.map((each) => (each.const === false ? "`false`" : accepted(each))).join(" or ");
  }
  if (part.enum !== undefined) return part.enum.map((word) => `\`${String(word)}\``).join(", ");
  if (part.items !== undefined) return part.items.properties === undefined ? `list of ${accepted(part.items)}` : "list";
  if (part.properties !== undefined || part.type === "object") return "mapping";
  if (part.type === "integer" || part.type === "number") {
    return `${part.type === "integer" ? "whole number" : "number"}${rangeOf(part)}`;
  }
  if (Array.isArray(part.type))
    return part.type.join(" or ").replace("integer", "whole number").replace("string", "text");
  return part.type === "boolean" ? "`true`, `false`" : "text";
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Part): string {
  // The longest delay of a timer is told once, in the introduction.
  const most = maximum === undefined || maximum === 2_147_483_647 ? "" : ` to ${maximum}`;
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}${most === "" ? "" : `, up${most}`}`;
  if (minimum === undefined) return "";
  return most === "" ? ` from ${minimum}` : ` ${minimum}${most}`;
}
