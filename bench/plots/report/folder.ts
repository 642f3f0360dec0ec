import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { UsageError } from "../../../src/cli/usage-error.js";
import { TABLES, type TableName } from "../../../src/measure/index.js";

/** What a sweep has left in its folder. Lists are empty, and the rest null, where it has left nothing. */
export interface SweepFolder {
  /** `serve_*_sweep_results.csv`: those chosen (`serve_chosen_…`), if there are. */
  serve: string[];
  vllm: string[];
  /** Custom results by the run that they are of; the name is empty where there is only one. */
  runs: { name: string; tables: Partial<Record<TableName, string[]>> }[];
  /** Of the operation benchmark. */
  operations: string | null;
  /** The configuration, as it stands in its file. */
  configuration: { file: string; text: string } | null;
  /** What the sweep says of itself in `sweep.json`. */
  about: About;
}

/** All optional: of `sweep.json`. */
export interface About {
  /** That makes these results again. */
  command?: string;
  date?: string;
  machine?: Readonly<Record<string, unknown>>;
  /** A line under the heading, for instance that the GPUs are simulated. */
  note?: string;
  /** By the names of runs, what ran. */
  runs?: Readonly<Record<string, RecordedPolicy>>;
}

/** The part that pictures need of what a sweep records of a run. */
export interface RecordedPolicy {
  /** Of the policy, by the names that `RouterOptions` has, defaults among them. */
  options?: Readonly<Record<string, unknown>>;
}

/** Folders between a sweep's folder and its files that say nothing about the run. */
const SAYS_NOTHING = new Set(["custom_results", "csv_results", "results"]);

/** @throws UsageError when the folder is not there, or has nothing of a sweep. */
export function readSweepFolder(folder: string): SweepFolder {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new UsageError(`there is no folder ${folder}`);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(
      (file) => !file.split(sep).some((part) => part === "node_modules" || part === "logs" || part.startsWith(".")),
    )
    .sort()
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile());
  const found: SweepFolder = {
    serve: sweepFiles(files, "serve"),
    vllm: sweepFiles(files, "vllm"),
    runs: runsOf(folder, files),
    operations: files.find((file) => basename(file) === "operations.json") ?? null,
    configuration: configurationOf(files, folder),
    about: aboutOf(join(folder, "sweep.json")),
  };
  if (found.serve.length + found.vllm.length + found.runs.length > 0 || found.operations !== null) return found;
  throw new UsageError(
    `${folder} has no results of a sweep: neither serve_*_sweep_results.csv nor custom results (${Object.keys(TABLES).join(", ")})`,
  );
}

function sweepFiles(files: readonly string[], whose: "serve" | "vllm"): string[] {
  const all = files.filter((file) => new RegExp(`^${whose}_.+_sweep_results\\.csv$`).test(basename(file)));
  const chosen = all.filter((file) => basename(file) === `${whose}_chosen_sweep_results.csv`);
  return chosen.length > 0 ? chosen : all;
}

/** `…/<run>/<table>.csv`, `…/<run>/<table>/<router>.csv`, or as the reference has it `…/<table>/<run>.csv`. */
function runsOf(folder: string, files: readonly string[]): SweepFolder["runs"] {
  const runs = new Map<string, Partial<Record<TableName, string[]>>>();
  for (const file of files) {
    if (![".csv", ".json"].includes(extname(file))) continue;
    const parts = relative(folder, file).split(sep);
    parts.push(basename(parts.pop()!, extname(file)));
    const table = parts.findLast((part): part is TableName => Object.hasOwn(TABLES, part));
    if (table === undefined) continue;
    const at = parts.lastIndexOf(table);
    const before = parts.slice(0, at).filter((part) => !SAYS_NOTHING.has(part));
    const name = (before.length > 0 ? before : parts.slice(at + 1)).join("/");
    const tables = runs.get(name) ?? {};
    tables[table] = [...(tables[table] ?? []), file];
    runs.set(name, tables);
  }
  return [...runs].map(([name, tables]) => ({ name, tables }));
}

function configurationOf(files: readonly string[], folder: string): SweepFolder["configuration"] {
  const file = files.find((each) => dirname(each) === folder && /\.ya?ml$/.test(each));
  return file === undefined ? null : { file: basename(file), text: readFileSync(file, "utf8").trim() };
}

function aboutOf(file: string): About {
  if (!existsSync(file)) return {};
  let about: unknown;
  try {
    about = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file}: not JSON (${(error as Error).message})`);
  }
  if (typeof about === "object" && about !== null && !Array.isArray(about)) return about;
  throw new UsageError(`${file}: an object was expected, not ${JSON.stringify(about)?.slice(0, 40)}`);
}
