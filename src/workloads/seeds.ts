import { Random } from "../random/index.js";

/**
 * A generator of its own for each thing that is drawn, so that none depends on what was drawn before it: `stream` tells kinds apart,
 * `index` things of a kind.
 */
export function streamOf(seed: number, stream: number, index: number): Random {
  let state = seed | 0;
  for (const part of [stream, index, Math.floor(index / 4294967296)]) {
    state = Math.imul(state ^ (state >>> 15) ^ Math.imul((part | 0) + 1, 0x9e3779b1), 0x85ebca6b);
    state ^= state >>> 13;
  }
  return new Random(state);
}
