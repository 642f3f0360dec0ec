import type { AppConfig } from "./config.js";
import { foundReplicaShape } from "./model-shape.js";
import { configShape } from "./schema.js";
import { type Issue, isMapping, NONE, type Shape } from "./shape.js";

/** What is wrong with a configuration, at one place of it. */
export interface ConfigProblem {
  /** Keys and indexes that lead to it; the last one may be of something that is missing. */
  readonly path: readonly (string | number)[];
  /** Whether the key itself is wrong, not its value. */
  readonly key: boolean;
  /** A sentence: what it is about, what is accepted, and what it is instead. */
  readonly message: string;
}

/** A configuration that is wrong, with all that is wrong with it. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ message }) => message).join("\n"));
    this.problems = problems;
  }
}

/** What is wrong with it; nothing if nothing is. What code can give and a file cannot, policies and discoveries, counts as right. */
export function configProblems(config: unknown): ConfigProblem[] {
  return problemsOf(configShape(), withoutCode(config));
}

/** @throws ConfigError that tells all that is wrong. */
export function checkConfig(config: unknown): asserts config is AppConfig {
  const problems = configProblems(config);
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What is wrong with a replica that discovery has found. */
export function replicaProblems(replica: unknown): ConfigProblem[] {
  return problemsOf(foundReplicaShape(), replica);
}

function problemsOf(shape: Shape, value: unknown): ConfigProblem[] {
  const { error } = shape.safeParse(value);
  return (error?.issues ?? []).flatMap((issue) => told(issue, value, []));
}

/** The words of a path: `models[0].replicas[1].url`. */
function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[$\w-]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

function told(issue: Issue, root: unknown, before: readonly (string | number)[]): ConfigProblem[] {
  const path = [...before, ...issue.path];
  const value = valueAt(root, path);
  const name = pathText(path) || "it";
  if (issue.code === "unrecognized_keys") {
    const accepted = issue.message === NONE ? [] : issue.message.split(", ");
    return issue.keys!.map((key) => ({ path: [...path, key], key: true, message: unknownKey(key, path, accepted) }));
  }
  if (issue.code === "invalid_union") {
    // The first of them is the mapping: what is wrong in it is told only of one.
    const [mapping] = issue.errors!;
    if (isMapping(value)) return mapping!.flatMap((each) => told(each, root, path));
    return [
      { path, key: false, message: `${name} must be false or ${mapping![0]!.message}, not ${shown(path, value)}` },
    ];
  }
  if (value === undefined) return [{ path, key: false, message: `${name} is missing; it must be ${issue.message}` }];
  // Those of our own are sentences already.
  const sentence = /^(must|is|cannot) /.test(issue.message);
  const message = sentence ? `${name} ${issue.message}` : `${name} must be ${issue.message}, not ${shown(path, value)}`;
  return [{ path, key: false, message }];
}

function unknownKey(key: string, path: readonly (string | number)[], accepted: readonly string[]): string {
  const near = nearest(key, accepted);
  const hint = near === null ? `there are ${accepted.join(", ") || "none"}` : `did you mean ${near}?`;
  const where = path.length === 0 ? "" : ` in ${pathText(path)}`;
  return `unknown key ${JSON.stringify(key)}${where}; ${hint}`;
}

/** The word that differs by a few letters, or in case and separators only. */
function nearest(word: string, words: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const distance = differences(bare(word), bare(candidate));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function bare(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, "");
}

/** Letters to add, remove, change, or to swap with their neighbour. */
function differences(a: string, b: string): number {
  const rows = [[...Array(b.length + 1).keys()]];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
      }
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

const SECRETS = ["key", "token", "apiKey", "headers", "env"];
const LONGEST_SHOWN = 60;

/** As an error message shows it: short, and no secret. */
function shown(path: readonly (string | number)[], value: unknown): string {
  if (path.some((step) => SECRETS.includes(step as string)) && typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** A copy with stand-ins for what only code can give. */
function withoutCode(config: unknown): unknown {
  if (!isMapping(config) || !Array.isArray(config.models)) return config;
  const models = config.models.map((model: unknown) => {
    if (!isMapping(model)) return model;
    const { policy, discovery } = model;
    const own = typeof policy === "function" || (isMapping(policy) && typeof policy.choose === "function");
    const source = isMapping(discovery) && typeof discovery.watch === "function";
    return { ...model, ...(own && { policy: "./code" }), ...(source && { discovery: { file: { path: "code" } } }) };
  });
  return { ...config, models };
}
