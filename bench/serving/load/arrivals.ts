import type { Random } from "../../../src/random/index.js";

/**
 * When each request is to be sent, in ms from the start, ascending: a Poisson process of that rate, as SGLang's and vLLM's benchmarks
 * have it; all at once at an infinite rate.
 */
export function poissonArrivals(count: number, perSecond: number, random: Random): Float64Array {
  const times = new Float64Array(count);
  if (perSecond === Number.POSITIVE_INFINITY) return times;
  let at = 0;
  // The first one comes at once.
  for (let i = 1; i < count; i++) {
    at += (-Math.log(1 - random.float()) * 1000) / perSecond;
    times[i] = at;
  }
  return times;
}
