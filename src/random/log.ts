/** ln 2 in two parts: the first has 32 zero bits at its end, so that its product with a small whole number is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

/**
 * The natural logarithm, the same bits on every engine, as `Math.log` is not: only + − × ÷. Within one unit in the last place of
 * the exact value; NaN below 0, −Infinity at 0.
 *
 * x = 2^k · (1 + f) with 1 + f from √½ to √2, and ln(1 + f) by the series in f ÷ (2 + f) of FDLIBM's e_log.c (Sun Microsystems, 1993).
 */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  let fraction = x;
  // Powers of two: exact, but for the step out of the subnormals, which is exact upwards.
  for (; fraction < 2.3283064365386963e-10; k -= 32) fraction *= 4294967296;
  for (; fraction >= 4294967296; k += 32) fraction /= 4294967296;
  for (; fraction >= Math.SQRT2; k++) fraction /= 2;
  for (; fraction < Math.SQRT1_2; k--) fraction *= 2;
  const f = fraction - 1;
  const s = f / (2 + f);
  const z = s * s;
  const r = z * (L1 + z * (L2 + z * (L3 + z * (L4 + z * (L5 + z * (L6 + z * L7))))));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + r) + k * LN2_LOW) - f);
}
