/**
 * The value below which a share of the samples lies, interpolated linearly between neighbours: numpy's `percentile` with its default
 * method. NaN of no samples.
 * @param sorted ascending.
 * @param percent 0 to 100.
 */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`percent must be from 0 to 100, not ${percent}`);
  const last = sorted.length - 1;
  if (last < 0) return Number.NaN;
  const at = (percent / 100) * last;
  const below = Math.floor(at);
  const low = sorted[below]!;
  return below === last ? low : low + (sorted[below + 1]! - low) * (at - below);
}
