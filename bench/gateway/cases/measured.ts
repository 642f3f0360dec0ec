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

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
