/** ln 2 in two parts: the first has 32 zero bits at its end, so that its product with a small whole number is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = Math.LOG2E;
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 0.00006613756321437934;
const P4 = -0.0000016533902205465252;
const P5 = 4.1381367970572385e-8;

/**
 * e^x, the same bits on every engine, as `Math.exp` is not: only + − × ÷. Within one unit in the last place of the exact value;
 * 0 below −745.14, Infinity above 709.78.
 *
 * x = k · ln 2 + r with |r| ≤ ln 2 ÷ 2, e^r by the rational approximation of FDLIBM's e_exp.c (Sun Microsystems, 1993), times 2^k.
 */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  const k = Math.round(x * INVERSE_LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const square = r * r;
  const c = r - square * (P1 + square * (P2 + square * (P3 + square * (P4 + square * P5))));
  return scaled(1 - (low - (r * c) / (2 - c) - high), k);
}

/** value · 2^k, in steps that are exact until the last. */
function scaled(value: number, k: number): number {
  let result = value;
  let left = k;
  for (; left > 30; left -= 30) result *= 1073741824;
  for (; left < -30; left += 30) result /= 1073741824;
  return left >= 0 ? result * (1 << left) : result / (1 << -left);
}
