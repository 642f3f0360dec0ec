/** A number with three digits, thousands apart. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

export function withUnit(value: number, unit: string): string {
  return unit === "" ? shown(value) : `${shown(value)} ${unit}`;
}

/** Seconds in the unit that gives one to three digits before the point. */
export function duration(seconds: number): string {
  if (seconds < 1e-3) return `${shown(seconds * 1e6)} µs`;
  return seconds < 1 ? `${shown(seconds * 1e3)} ms` : `${shown(seconds)} s`;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Linear between the two nearest ranks, as numpy's default. Takes sorted values. */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = (sorted.length - 1) * share;
  const low = sorted[Math.floor(rank)]!;
  return low + (sorted[Math.ceil(rank)]! - low) * (rank - Math.floor(rank));
}
