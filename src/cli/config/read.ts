import { accessSync, constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { type AppConfig, type ConfigProblem, configProblems } from "../../app/index.js";
import { FileError, readDocument, type TextDocument } from "./document.js";
import { substitute } from "./environment.js";
import { type FileReference, withAbsolutePaths } from "./paths.js";

/** A configuration file that is right. */
export interface ConfigFile {
  /** Its paths are absolute; they count from the file's folder. */
  readonly config: AppConfig;
  /** It, and all files that it names, which are to be watched. */
  readonly files: readonly string[];
}

/**
 * Reads a configuration file in YAML or JSON, and puts the environment into it.
 * @throws FileError that tells all that is wrong, a line each: `file:line:column: …`.
 */
export async function readConfig(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ConfigFile> {
  const path = resolve(file);
  const document = await readDocument(path);
  const { reread } = substitute(document, environment);
  let value = withoutExtensions(document.value());
  let problems = configProblems(value);
  // A variable's text stays one where a text is accepted, so that a key of digits is no number.
  if (problems.filter((problem) => reread(document.node(problem.path))).length > 0) {
    value = withoutExtensions(document.value());
    problems = configProblems(value);
  }
  if (problems.length > 0) throw new FileError(told(problems, document));
  const { config, references } = withAbsolutePaths(value as AppConfig, dirname(path));
  const unreadable = references.filter(({ file: each }) => !isReadable(each));
  if (unreadable.length > 0) {
    throw new FileError(
      unreadable.map(({ path: at, file: each }) => `${document.place(at)}: ${each} cannot be read`).join("\n"),
    );
  }
  return { config, files: [path, ...references.map((reference: FileReference) => reference.file)] };
}

function told(problems: readonly ConfigProblem[], document: TextDocument): string {
  return problems.map(({ path, key, message }) => `${document.place(path, key)}: ${message}`).join("\n");
}

/** Keys that begin with `x-` are for anchors. */
function withoutExtensions(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !name.startsWith("x-")));
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
