/** A mean, and half the width of its 95 % interval; null of fewer than two values. */
export interface MeanInterval {
  readonly mean: number;
  readonly half: number | null;
}

/** Student's t at 97.5 %, for 1 to 30 degrees of freedom; beyond, the normal distribution's. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const NORMAL_975 = 1.96;

/** Of independent runs, as of several seeds: mean ± t · s ÷ √n. There must be one. */
export function meanInterval(values: readonly number[]): MeanInterval {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, half: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, half: ((T_975[count - 2] ?? NORMAL_975) * Math.sqrt(squares / (count - 1))) / Math.sqrt(count) };
}
