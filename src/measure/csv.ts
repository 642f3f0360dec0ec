import { type Row, TABLES, type TableName } from "./tables.js";

/** The first line of a table's CSV file, with its line feed. */
export function csvHeader(table: TableName): string {
  return csvLine(Object.keys(TABLES[table].columns));
}

/** A row as a line of CSV (RFC 4180, but with a line feed alone): null is empty. */
export function csvLine(row: Row): string {
  return `${row.map(csvValue).join(",")}\n`;
}

function csvValue(value: Row[number]): string {
  if (value === null) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
