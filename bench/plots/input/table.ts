import { UsageError } from "../../../src/cli/usage-error.js";

export type Value = string | number | boolean | null;
export type Row = Readonly<Record<string, Value>>;

/** Rows out of one file or several. */
export interface Table {
  /** For messages. */
  name: string;
  columns: string[];
  rows: Row[];
}

/** Column → the values of it that are wanted. */
export type Where = Readonly<Record<string, Value | readonly Value[]>>;

/** @throws UsageError when one of the columns is not there. */
export function requireColumns(table: Table, ...columns: readonly string[]): void {
  const missing = columns.filter((column) => !table.columns.includes(column));
  if (missing.length === 0) return;
  const what = missing.length === 1 ? `has no column ${missing[0]}` : `has no columns ${missing.join(", ")}`;
  throw new UsageError(`${table.name} ${what}; it has ${table.columns.join(", ") || "no columns at all"}`);
}

/**
 * The rows that have a wanted value in every column named. Numbers and booleans are compared as such: `100` is `100.0`, and
 * `true` is Python's `True`.
 * @throws UsageError when a column is not there, or no row is left.
 */
export function selected(table: Table, where: Where = {}): Table {
  requireColumns(table, ...Object.keys(where));
  if (table.rows.length === 0) throw new UsageError(`${table.name} has no rows`);
  let rows = table.rows;
  for (const [column, value] of Object.entries(where)) {
    const wanted = new Set([value].flat().map(comparable));
    const left = rows.filter((row) => wanted.has(comparable(row[column] ?? null)));
    if (left.length === 0) {
      const there = [...new Set(rows.map((row) => String(row[column] ?? "")))];
      const others = Object.keys(where).length > 1 ? " with the other conditions" : "";
      throw new UsageError(
        `no row of ${table.name} has ${column}=${[value].flat().join(" or ")}${others}; there is ${listed(there)}`,
      );
    }
    rows = left;
  }
  return { ...table, rows };
}

/** A number, or null where the field is empty. */
export function numberIn(table: Table, row: Row, column: string): number | null {
  const value = row[column] ?? null;
  if (value === null || value === "") return null;
  const number = typeof value === "boolean" ? Number.NaN : Number(value);
  if (!Number.isNaN(number)) return number;
  throw new UsageError(
    `${table.name}: ${column} of row ${table.rows.indexOf(row) + 1} must be a number, not ${JSON.stringify(value)}`,
  );
}

export function textIn(row: Row, column: string): string {
  return String(row[column] ?? "");
}

function comparable(value: Value): string {
  const text = String(value ?? "").trim();
  if (/^(true|false)$/i.test(text)) return text.toLowerCase();
  return text !== "" && Number.isFinite(Number(text)) ? String(Number(text)) : text;
}

export function listed(words: readonly string[], most = 12): string {
  if (words.length <= most) return words.join(", ");
  return `${words.slice(0, most).join(", ")} and ${words.length - most} more`;
}
