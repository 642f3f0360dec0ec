import type { Random } from "../../random/index.js";
import type { Replica } from "../replica.js";
import type { PolicyRequest } from "./policy.js";

/** The position of the candidate with the least load; a tie goes to chance, never to list order. O(candidates). */
export function leastLoaded(loads: readonly number[], random: Random): number {
  let chosen = 0;
  let least = loads[0]!;
  let ties = 1;
  for (let i = 1; i < loads.length; i++) {
    const load = loads[i]!;
    if (load > least) continue;
    if (load === least) {
      ties++;
      continue;
    }
    chosen = i;
    least = load;
    ties = 1;
  }
  for (let left = ties === 1 ? 0 : random.below(ties); left > 0; left--) {
    do chosen++;
    while (loads[chosen] !== least);
  }
  return chosen;
}

/**
 * The position of the lowest of the first scores, one for each load; of equals the one with the least load, and then any, by
 * chance.
 */
export function lowest(scores: Float64Array, loads: readonly number[], random: Random): number {
  let chosen = 0;
  let score = scores[0]!;
  let load = loads[0]!;
  let ties = 1;
  for (let i = 1; i < loads.length; i++) {
    const other = scores[i]!;
    if (other > score) continue;
    if (other === score) {
      if (loads[i]! > load) continue;
      if (loads[i]! === load) {
        ties++;
        continue;
      }
    }
    chosen = i;
    score = other;
    load = loads[i]!;
    ties = 1;
  }
  for (let left = ties === 1 ? 0 : random.below(ties); left > 0; left--) {
    do chosen++;
    while (scores[chosen] !== score || loads[chosen] !== load);
  }
  return chosen;
}

/**
 * Among the candidates of those ids the one with the least load, for which `accepts` holds if it is given; a tie goes to
 * chance. Null when there is none. O(ids) for few of many, else O(candidates).
 * @param ids in the candidates' order, as the tree gives them, so that one walk over both is enough.
 * @param byId every replica by its id.
 */
export function leastLoadedOf(
  { candidates, loads, timeS }: PolicyRequest,
  ids: readonly string[],
  byId: ReadonlyMap<string, Replica>,
  random: Random,
  accepts?: (replica: Replica, load: number) => boolean,
): Replica | null {
  let least = Number.POSITIVE_INFINITY;
  let ties = 0;
  let chosen: Replica | null = null;
  const consider = (replica: Replica, load: number): void => {
    if (load > least || (accepts !== undefined && !accepts(replica, load))) return;
    ties = load < least ? 1 : ties + 1;
    least = load;
    // The k-th of equals replaces the one before it with probability 1/k: each is as likely in the end.
    if (ties === 1 || random.below(ties) === 0) chosen = replica;
  };
  // Finding a replica by its id costs about as much as passing over eight candidates.
  if (ids.length * 8 < candidates.length) {
    for (const id of ids) {
      const replica = byId.get(id)!;
      consider(replica, replica.load(timeS));
    }
    return chosen;
  }
  let next = 0;
  for (let i = 0; i < candidates.length && next < ids.length; i++) {
    if (candidates[i]!.id !== ids[next]) continue;
    next++;
    consider(candidates[i]!, loads[i]!);
  }
  return chosen;
}
