import { exponential, type Random } from "../../../src/random/index.js";

/**
 * When each request is to be sent, in ms from the start, ascending: a Poisson process of that rate, as SGLang's and vLLM's benchmarks
 * have it, the first at once; all at once at an infinite rate.
 */
export function poissonArrivals(count: number, perSecond: number, random: Random): Float64Array {
  const times = new Float64Array(count);
  if (perSecond === Number.POSITIVE_INFINITY) return times;
  for (let i = 1; i < count; i++) times[i] = times[i - 1]! + exponential(random, 1000 / perSecond);
  return times;
}
