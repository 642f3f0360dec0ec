/** What is told of many measured values; null of none. */
export interface Summary {
  readonly mean: number;
  readonly median: number;
  /** Of the values themselves (divided by their number), as numpy's. */
  readonly std: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** O(values · log values). */
export function summarize(values: ArrayLike<number>): Summary | null {
  const count = values.length;
  if (count === 0) return null;
  const sorted = (values instanceof Float32Array ? values.slice() : Float64Array.from(values)).sort();
  let sum = 0;
  for (const value of sorted) sum += value;
  const mean = sum / count;
  let squares = 0;
  for (const value of sorted) squares += (value - mean) * (value - mean);
  return {
    mean,
    median: percentile(sorted, 50),
    std: Math.sqrt(squares / count),
    p90: percentile(sorted, 90),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
    max: sorted[count - 1]!,
  };
}

/**
 * The q-th percentile, between two values in proportion (numpy's "linear").
 * @param sorted ascending, at least one.
 * @param q from 0 to 100.
 */
export function percentile(sorted: ArrayLike<number>, q: number): number {
  const position = (q / 100) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}
