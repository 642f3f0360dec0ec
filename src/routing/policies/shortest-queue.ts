import type { Random } from "../../random/index.js";
import type { Replica } from "../replica.js";
import type { PolicyRequest } from "./policy.js";

/**
 * Among the candidates of those ids the one with the least load; a tie goes to chance, never to list order. Null when there is
 * none. O(candidates).
 * @param ids in the candidates' order, as the tree gives them, so that one walk over both is enough.
 */
export function shortestQueue(
  { candidates, loads }: PolicyRequest,
  ids: readonly string[],
  random: Random,
): Replica | null {
  let shortest = Number.POSITIVE_INFINITY;
  let ties = 0;
  let chosen: Replica | null = null;
  let next = 0;
  for (let i = 0; i < candidates.length && next < ids.length; i++) {
    if (candidates[i]!.id !== ids[next]) continue;
    next++;
    const load = loads[i]!;
    if (load > shortest) continue;
    ties = load < shortest ? 1 : ties + 1;
    shortest = load;
    // The k-th of equals replaces the one before it with probability 1/k: each is as likely in the end.
    if (ties === 1 || random.below(ties) === 0) chosen = candidates[i]!;
  }
  return chosen;
}
