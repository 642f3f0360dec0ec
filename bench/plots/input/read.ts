import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import papaparse from "papaparse";
import { UsageError } from "../../../src/cli/usage-error.js";
import type { Row, Table, Value } from "./table.js";

/** A file or folder, or several that are read as one. */
export type Files = string | readonly string[];

/**
 * The rows of files: CSV with the columns' names in its first line; JSON Lines, an object a line; JSON that is an array of
 * objects, one object, or results (docs/results-format.md), of which the table named is taken. Of a folder, the files of the
 * table named: `<table>.csv`, `<table>.json`, or all files in `<table>/`, as the reference has it.
 *
 * Where several files have rows without a `router`, each file is a router: the reference writes one for each of them.
 * @throws UsageError that says what is wrong with which file.
 */
export function readTable(files: Files, name?: string): Table {
  const paths = [files].flat().flatMap((path) => pathsOf(path, name));
  if (paths.length === 0) throw new UsageError("no file was named");
  const tables = paths.map((path) => readFile(path, name));
  const columns = [...new Set(tables.flatMap((table) => table.columns))];
  const several = tables.length > 1 && columns.includes("router");
  const rows = tables.flatMap((table) =>
    several ? table.rows.map((row) => (row.router ? row : { ...row, router: table.name })) : table.rows,
  );
  return { name: paths.join(", "), columns, rows };
}

/** The files of a folder that hold the table, newest routers' files and all; a file stands for itself. */
function pathsOf(path: string, name: string | undefined): string[] {
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}`);
  if (!statSync(path).isDirectory()) return [path];
  if (name === undefined) throw new UsageError(`${path} is a folder; a CSV or JSON file was expected`);
  const found = [join(path, `${name}.csv`), join(path, `${name}.json`)].filter((file) => existsSync(file));
  if (found.length > 0) return found.slice(0, 1);
  const folder = basename(path) === name ? path : join(path, name);
  const inside = existsSync(folder) ? readdirSync(folder).filter((file) => /\.(csv|jsonl?)$/.test(file)) : [];
  if (inside.length > 0) return inside.sort().map((file) => join(folder, file));
  throw new UsageError(`the folder ${path} has neither ${name}.csv nor ${name}.json, nor such files in ${name}/`);
}

function readFile(path: string, name: string | undefined): Table {
  const text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") throw new UsageError(`${path} is empty`);
  if (extname(path) === ".csv") return fromCsv(path, text);
  if (extname(path) === ".jsonl") return fromRecords(path, jsonLines(path, text));
  return fromJson(path, json(path, text), name);
}

function fromCsv(path: string, text: string): Table {
  const { data, errors, meta } = papaparse.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  const [error] = errors.filter(({ type }) => type !== "Delimiter");
  if (error) throw new UsageError(`${path}, row ${(error.row ?? 0) + 1}: ${error.message}`);
  return { name: path, columns: meta.fields ?? [], rows: data };
}

function fromJson(path: string, parsed: unknown, name: string | undefined): Table {
  if (Array.isArray(parsed)) return fromRecords(path, parsed);
  const object = parsed as { format?: unknown; tables?: Record<string, { columns: string[]; rows: Value[][] }> };
  if (object?.format !== "warmroute-results") return fromRecords(path, [parsed]);
  const table = name === undefined ? undefined : object.tables?.[name];
  if (table === undefined) {
    throw new UsageError(`${path} has no table ${name}; it has ${Object.keys(object.tables ?? {}).join(", ")}`);
  }
  const rows = table.rows.map((row) => Object.fromEntries(table.columns.map((column, i) => [column, row[i] ?? null])));
  return { name: path, columns: table.columns, rows };
}

function fromRecords(path: string, records: readonly unknown[]): Table {
  const wrong = records.findIndex((record) => typeof record !== "object" || record === null || Array.isArray(record));
  if (wrong >= 0) throw new UsageError(`${path}: record ${wrong + 1} must be an object with a field a column`);
  const rows = records as Row[];
  return { name: path, columns: [...new Set(rows.flatMap((row) => Object.keys(row)))], rows };
}

function jsonLines(path: string, text: string): unknown[] {
  return text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [json(`${path}, line ${i + 1}`, line)]));
}

function json(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${where}: not JSON (${(error as Error).message})`);
  }
}
