import { exp } from "./exp.js";
import { log } from "./log.js";
import type { Random } from "./random.js";

/** A whole number from `least` to `most`, each equally likely. */
export function uniform(random: Random, least: number, most: number): number {
  return least + random.below(most - least + 1);
}

/** A number of the exponential distribution with this mean, 0 or more. */
export function exponential(random: Random, mean: number): number {
  // 1 − u is from above 0 to 1, so that the logarithm is finite.
  return -mean * log(1 - random.float());
}

/** A whole number from 1, each one (mean − 1) ÷ mean times as likely as the one before: an exponential one rounded up. */
export function geometric(random: Random, mean: number): number {
  if (mean <= 1) return 1;
  return 1 + Math.floor(log(1 - random.float()) / log((mean - 1) / mean));
}

/** The numbers of `list` in an order of chance, in place (Fisher and Yates). */
export function shuffle<List extends { length: number; [index: number]: unknown }>(random: Random, list: List): List {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = list[i];
    list[i] = list[j];
    list[j] = kept;
  }
  return list;
}

/** Draws of ranks from 0 to `count` − 1, rank r with a weight of 1 ÷ (r + 1)^alpha. O(count) once, O(log count) a draw. */
export class Zipf {
  readonly #sums: Float64Array;

  constructor(count: number, alpha: number) {
    this.#sums = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += exp(-alpha * log(rank + 1));
      this.#sums[rank] = sum;
    }
  }

  draw(random: Random): number {
    const sums = this.#sums;
    const wanted = random.float() * sums[sums.length - 1]!;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
