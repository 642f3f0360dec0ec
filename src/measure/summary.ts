import { percentile } from "./percentiles.js";

/** What many samples come to, in their unit; all NaN but `count` where there are none. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  /** Of the samples themselves, not an estimate of a population's (numpy's `std`). */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

/** O(n log n). The samples stay as they are. */
export function summarize(samples: ArrayLike<number>): Summary {
  const sorted = Float64Array.from(samples).sort();
  const count = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return {
    count,
    mean,
    median: percentile(sorted, 50),
    std: Math.sqrt(squares / count),
    min: sorted[0] ?? Number.NaN,
    max: sorted[count - 1] ?? Number.NaN,
    p90: percentile(sorted, 90),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
  };
}
