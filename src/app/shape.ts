import { accepted, checkOption, type OptionTable, type PolicyOption } from "../routing/index.js";
import {
  array,
  custom,
  literal,
  optional,
  record,
  registry,
  strictObject,
  string,
  toJSONSchema,
  union,
} from "./zod.js";

/** A part of the schema. */
export interface Shape {
  /** What is wrong with a value; nothing if nothing is. An issue's message is what is accepted: "a whole number, 1 or more". */
  safeParse(value: unknown): { readonly error?: { readonly issues: readonly Issue[] } | undefined };
}

/** Something that is wrong. */
export interface Issue {
  readonly code: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The unknown ones; the message then lists those that there are. */
  readonly keys?: readonly string[] | undefined;
  /** What each alternative finds wrong. */
  readonly errors?: readonly (readonly Issue[])[];
}

/** As zod has it. Its types stay in this file: they are not part of the package. */
type ZodShape = ReturnType<typeof custom>;

/** Of our own: zod's is one for all that use it in a program. */
const ABOUT = registry<About>();

export type Shapes = Readonly<Record<string, Shape>>;

/** What the JSON Schema says of a part, for editors and the page of the docs. */
interface About {
  description: string;
  readonly default?: unknown;
  /** What is counted. */
  readonly unit?: string;
  [keyword: string]: unknown;
}

/** The options of a table, none of them required. */
export function optionsOf(table: OptionTable): Shapes {
  return Object.fromEntries(Object.entries(table).map(([name, option]) => [name, optionShape(name, option)]));
}

/** @param is whether a value is accepted. */
export function value(is: (value: unknown) => boolean, acceptedWords: string, about: About): Shape {
  return ours(custom(is, { error: acceptedWords, abort: false }).register(ABOUT, about));
}

/** @param about its `pattern` is checked too. */
export function text(acceptedWords: string, about: About & { readonly pattern?: string }): Shape {
  const pattern = new RegExp(about.pattern ?? ".", "su");
  return value((given) => typeof given === "string" && pattern.test(given), acceptedWords, {
    type: "string",
    ...about,
  });
}

/** A mapping with these keys and no others, all of which may be left out but the required ones. */
export function mapping(
  description: string,
  shapes: Shapes,
  { required = [], more = {}, check }: MappingRules = {},
): Shape {
  const names = Object.keys(shapes);
  const parts = Object.entries(shapes).map(([name, shape]) => [
    name,
    required.includes(name) ? zods(shape) : optional(zods(shape)),
  ]);
  const object = strictObject(Object.fromEntries(parts), {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? names.join(", ") || NONE : `a mapping with ${names.join(", ")}`,
  });
  const run = ({ value: given, issues }: { value: unknown; issues: unknown[] }) => {
    check?.(given as Values, (path, message, keys) => {
      issues.push({ code: keys === undefined ? "custom" : "unrecognized_keys", path: [...path], message, keys });
    });
  };
  // Also where a key's value is wrong: whoever corrects a file wants to know all that is wrong with it.
  const when = ({ value: given }: { value: unknown }) => isMapping(given);
  const checked = object.check({ _zod: { check: run, def: { check: "custom", when }, onattach: [] } });
  return ours(checked.register(ABOUT, { description, ...more }));
}

/** What a message lists of a mapping that has no keys. */
export const NONE = "none";

export interface MappingRules {
  readonly required?: readonly string[];
  /** More keywords of the JSON Schema. */
  readonly more?: object;
  /** What the keys' own shapes cannot say; values may be of any type. A problem's message is a sentence about the path. */
  readonly check?: (value: Values, problem: Problem) => void;
}

export type Values = Readonly<Record<string, unknown>>;

/** @param keys of the mapping at the path that are unknown; the message then lists those that there are. */
export type Problem = (path: readonly (string | number)[], message: string, keys?: readonly string[]) => void;

/** Exactly one of these keys, or with `atMost` none. */
export function oneKeyOf(names: readonly string[], atMost = false): Pick<MappingRules, "check" | "more"> {
  return {
    more: {
      oneOf: [
        ...names.map((name) => ({ required: [name] })),
        ...(atMost ? [{ not: { anyOf: names.map((name) => ({ required: [name] })) } }] : []),
      ],
    },
    check(given, problem) {
      const there = names.filter((name) => given[name] !== undefined);
      if (there.length === 1 || (atMost && there.length === 0)) return;
      const wanted = `${atMost ? "at most" : "exactly"} one of ${names.join(", ")}`;
      problem([], `must have ${wanted}, not ${there.length === 0 ? "none" : there.join(" and ")}`);
    },
  };
}

export function list(of: Shape, about: About, least = 0): Shape {
  const shape = array(zods(of), { error: "a list" }).check(({ value: given, issues }) => {
    if (given.length < least) issues.push({ code: "custom", message: "must not be an empty list", input: given });
  });
  return ours(shape.register(ABOUT, { ...about, ...(least > 0 && { minItems: least }) }));
}

/** A mapping of any names to texts. */
export function texts(about: About): Shape {
  const each = string({ error: "a text" });
  return ours(record(string(), each, { error: "a mapping of texts" }).register(ABOUT, about));
}

/** `false`, or a mapping. */
export function orFalse(description: string, shapes: Shapes): Shape {
  const shape = union([zods(mapping(description, shapes)), literal(false)]);
  return ours(shape.register(ABOUT, { description }));
}

/** The JSON Schema of a shape, without the name of its dialect. */
export function jsonSchemaOf(shape: Shape): object {
  const { $schema: _, ...schema } = toJSONSchema(zods(shape), { unrepresentable: "any", metadata: ABOUT }) as {
    $schema?: string;
  };
  return schema;
}

function ours(shape: object): Shape {
  return shape as Shape;
}

function zods(shape: Shape): ZodShape {
  return shape as unknown as ZodShape;
}

function optionShape(name: string, option: PolicyOption): Shape {
  return value(
    (given) => isAccepted(name, option, given),
    `${option.kind === "number" ? "a number, " : ""}${accepted(option)}`,
    {
      ...jsonType(option),
      description: `${option.about[0]!.toUpperCase()}${option.about.slice(1)}.`,
      ...(option.default !== null && { default: option.default }),
      ...("unit" in option && option.unit !== "" && { unit: option.unit }),
    },
  );
}

function isAccepted(name: string, option: PolicyOption, given: unknown): boolean {
  if (given === undefined) return false;
  try {
    checkOption(name, option, given);
    return true;
  } catch {
    return false;
  }
}

function jsonType(option: PolicyOption): object {
  if (option.kind === "flag") return { type: "boolean" };
  if (option.kind === "word") return { type: "string", enum: [...option.words] };
  const { kind, least, above, most } = option;
  return {
    type: kind === "whole" ? "integer" : "number",
    ...(least !== undefined && { minimum: least }),
    ...(above !== undefined && { exclusiveMinimum: above }),
    ...(most !== undefined && { maximum: most }),
  };
}

export function isMapping(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list's elements that are mappings, with their places. */
export function mappingsOf(value: unknown): [number, Values][] {
  return Array.isArray(value)
    ? [...value.entries()].filter((entry): entry is [number, Values] => isMapping(entry[1]))
    : [];
}
