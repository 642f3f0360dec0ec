import { csvHeader, csvLine } from "./csv.js";
import { RESULTS_VERSION, type Row, TABLES, type TableName } from "./tables.js";
import type { RowSink } from "./tracking.js";

export interface CollectorOptions {
  /** Most rows kept of a table; beyond it the newest are dropped, and counted. Default: 1,000,000. */
  maxRows?: number;
}

/** Results as JSON: what `docs/results-format.md` defines. */
export interface Results {
  readonly format: "warmroute-results";
  readonly version: typeof RESULTS_VERSION;
  /** What was run, as its maker says. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly tables: { readonly [Name in TableName]?: ResultTable };
}

export interface ResultTable {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Rows that there was no room for. */
  readonly dropped: number;
}

/** Gathers rows of several routers in memory: `router.observe(trackingRows(collector.add))`. */
export class Collector {
  readonly #maxRows: number;
  readonly #tables = new Map<TableName, { rows: Row[]; dropped: number }>();

  constructor({ maxRows = 1_000_000 }: CollectorOptions = {}) {
    if (!Number.isSafeInteger(maxRows) || maxRows < 1) {
      throw new RangeError(`maxRows must be a whole number, 1 or more, not ${String(maxRows)}`);
    }
    this.#maxRows = maxRows;
  }

  /** Adds a row; to be passed on as it is. */
  readonly add: RowSink = (table, row) => {
    let known = this.#tables.get(table);
    if (known === undefined) {
      known = { rows: [], dropped: 0 };
      this.#tables.set(table, known);
    }
    if (known.rows.length < this.#maxRows) known.rows.push(row);
    else known.dropped++;
  };

  /** The rows of a table so far. */
  rows(table: TableName): readonly Row[] {
    return this.#tables.get(table)?.rows ?? [];
  }

  /** The tables that have rows. */
  results(run: Readonly<Record<string, unknown>> = {}): Results {
    const tables: { [Name in TableName]?: ResultTable } = {};
    for (const name of Object.keys(TABLES) as TableName[]) {
      const known = this.#tables.get(name);
      if (known !== undefined) tables[name] = { columns: Object.keys(TABLES[name].columns), ...known };
    }
    return { format: "warmroute-results", version: RESULTS_VERSION, run, tables };
  }

  /** A table as CSV, with its header. */
  csv(table: TableName): string {
    return csvHeader(table) + this.rows(table).map(csvLine).join("");
  }
}
