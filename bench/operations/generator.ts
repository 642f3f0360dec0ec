/** A 32-bit linear congruential generator (Numerical Recipes' constants), from 0 to 1: enough to make texts. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
