import { shown } from "../shown.js";

/**
 * The options of a policy by name: the one list from which come the checks of `RouterOptions`, the types, the flags of
 * `warmroute serve` and the page of the docs.
 */
export type OptionTable = Readonly<Record<string, PolicyOption>>;

/** What an option accepts and means. */
export type PolicyOption = NumberOption | FlagOption | WordOption;

/** A number; `"whole"`: a whole one. */
export interface NumberOption {
  readonly kind: "number" | "whole";
  /** Lowest value accepted. */
  readonly least?: number;
  /** As `least`, itself not accepted. */
  readonly above?: number;
  /** Highest value accepted; without it Infinity is accepted where `default` is null. */
  readonly most?: number;
  /** Null: no limit. */
  readonly default: number | null;
  /** What is counted. */
  readonly unit: string;
  /** One line for the help and the docs, beginning in lower case. */
  readonly about: string;
}

/** True or false. */
export interface FlagOption {
  readonly kind: "flag";
  readonly default: boolean;
  readonly about: string;
}

/** One of some words. */
export interface WordOption {
  readonly kind: "word";
  readonly words: readonly string[];
  readonly default: string;
  readonly about: string;
}

type ValueOf<Option> = Option extends { kind: "flag" }
  ? boolean
  : Option extends { kind: "word"; words: readonly (infer Word)[] }
    ? Word
    : number;

/** The options of a table as a user gives them. */
export type OptionsOf<Table> = { -readonly [Name in keyof Table]?: ValueOf<Table[Name]> };

/** The options of a table with their defaults; null is no limit. */
export type ValuesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends { default: null } ? number | null : ValueOf<Table[Name]>;
};

/** The options that a table names, with its defaults where they are not given. */
export function valuesOf(table: OptionTable, options: object): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(table)) values[name] = (options as typeof values)[name] ?? table[name]!.default;
  return values;
}

/** @throws TypeError or RangeError that names the option, its value and what is accepted. Undefined counts as not given. */
export function checkOption(name: string, option: PolicyOption, value: unknown): void {
  if (value === undefined) return;
  const refusal = `${name} must be ${accepted(option)}, not ${shown(value)}`;
  switch (option.kind) {
    case "flag":
      if (typeof value !== "boolean") throw new TypeError(refusal);
      return;
    case "word":
      if (!option.words.includes(value as string)) throw new RangeError(refusal);
      return;
    default:
      if (typeof value !== "number") {
        throw new TypeError(
          option.kind === "whole" ? refusal : `${name} must be a number, ${accepted(option)}, not ${shown(value)}`,
        );
      }
      if (!isInRange(option, value)) throw new RangeError(refusal);
  }
}

/** What an option accepts, in words: "a whole number, 1 or more". */
export function accepted(option: PolicyOption): string {
  if (option.kind === "flag") return "true or false";
  if (option.kind === "word") return option.words.map((word) => JSON.stringify(word)).join(" or ");
  return `${option.kind === "whole" ? "a whole number, " : ""}${range(option)}`;
}

function range({ least, above, most }: NumberOption): string {
  if (above !== undefined) return most === undefined ? `above ${above}` : `above ${above} and at most ${most}`;
  return most === undefined ? `${least} or more` : `from ${least} to ${most}`;
}

function isInRange({ kind, least, above, most, default: fallback }: NumberOption, value: number): boolean {
  if (value === Number.POSITIVE_INFINITY) return fallback === null && most === undefined;
  if (kind === "whole" && !Number.isSafeInteger(value)) return false;
  if (least !== undefined && !(value >= least)) return false;
  if (above !== undefined && !(value > above)) return false;
  return most === undefined ? Number.isFinite(value) : value <= most;
}
