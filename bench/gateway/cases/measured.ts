import { summarize } from "../../../src/measure/index.js";

/** One proxy's figures in one case; `null` where it was not tried. */
export interface Row {
  readonly proxy: string;
  readonly figures: Readonly<Record<string, number>>;
}

export interface Table {
  readonly what: string;
  /** What each figure is, with its unit. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Of at least one. */
export function median(values: readonly number[]): number {
  return summarize(values)!.median;
}
