import { UsageError } from "../../../src/cli/usage-error.js";
import { CONFIGURATION } from "../../serving/sweep/configuration-columns.js";
import { mean } from "./number.js";
import { numberIn, type Row, requireColumns, type Table, textIn } from "./table.js";

/** The runs that differ in nothing that the files say. */
export interface Group {
  name: string;
  rows: Row[];
}

export interface Summary {
  mean: number;
  min: number;
  max: number;
  values: number[];
}

/**
 * Runs by strategy. Strategies alone (`prefix_aware`), unless other settings differ between a strategy's runs: those then
 * follow the name, so that no bar mixes runs that cannot be compared. With `by`, by that column whatever else differs.
 */
export function groupsOf(table: Table, by?: string): Group[] {
  requireColumns(table, by ?? "request_router");
  const settings = by === undefined ? settingsOf(table) : [];
  const nameOf = (row: Row) =>
    [textIn(row, by ?? "request_router"), ...settings.map((each) => inWords(each, row))].join(", ");
  const groups = new Map<string, Row[]>();
  for (const row of table.rows) {
    const name = nameOf(row);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups].map(([name, rows]) => ({ name, rows }));
}

/** The settings under which strategies can be compared with each other; one without conditions where nothing differs. */
export function comparable(table: Table): { name: string; where: Record<string, string> }[] {
  requireColumns(table, "request_router");
  const settings = settingsOf(table);
  const found = new Map<string, Record<string, string>>();
  for (const row of table.rows) {
    const name = settings.map((each) => inWords(each, row)).join(", ");
    found.set(name, Object.fromEntries(settings.map((each) => [each, textIn(row, each)])));
  }
  return [...found].map(([name, where]) => ({ name, where }));
}

/** Columns of the configuration in which runs of one strategy differ: a label that goes with the strategy says nothing more. */
function settingsOf(table: Table): string[] {
  return CONFIGURATION.filter(
    (column) => column !== "request_router" && table.columns.includes(column) && splits(table, column),
  );
}

function inWords(column: string, row: Row): string {
  const value = textIn(row, column);
  return ["benchmark_label", "model_name", "gpu_type"].includes(column) ? value : `${column} ${value}`;
}

/** Whether one strategy has several values of the column. */
function splits(table: Table, column: string): boolean {
  const seen = new Map<string, string>();
  return table.rows.some((row) => {
    const router = textIn(row, "request_router");
    const value = textIn(row, column);
    if (!seen.has(router)) seen.set(router, value);
    return seen.get(router) !== value;
  });
}

/** Of a column, over a group's runs. @throws UsageError when none of them has it. */
export function summaryOf(table: Table, group: Group, column: string): Summary {
  const values = group.rows.flatMap((row) => numberIn(table, row, column) ?? []);
  if (values.length === 0) throw new UsageError(`${table.name}: ${column} is empty in every run of ${group.name}`);
  return { mean: mean(values), min: Math.min(...values), max: Math.max(...values), values };
}

/** In a line what the runs have in common: servers, model, load, how many runs. */
export function conditions(table: Table, groups: readonly Group[]): string {
  const common = (column: string) => {
    const values = new Set(table.rows.map((row) => textIn(row, column)));
    const [only] = values;
    return values.size === 1 && only ? only : null;
  };
  const counts = [...new Set(groups.map(({ rows }) => rows.length))].sort((a, b) => a - b);
  const runs = counts.length === 1 ? `${counts[0]}` : `${counts[0]} to ${counts.at(-1)}`;
  const servers = common("num_servers");
  const gpu = common("gpu_type");
  return [
    // Ours says in a column what the servers are, with their model: simulated ones are called that.
    common("servers") ?? (servers && gpu ? `${servers} × ${gpu}` : (gpu ?? (servers && `${servers} servers`))),
    common("servers") === null ? common("model_name") : null,
    common("num_prompts") && `${common("num_prompts")} prompts`,
    common("request_rate") && `${common("request_rate")} req/s`,
    common("max_concurrency") && `concurrency ${common("max_concurrency")}`,
    runs === "1" ? "one run each" : `${runs} runs each`,
  ]
    .filter((part) => part !== null && part !== "")
    .join(", ");
}
