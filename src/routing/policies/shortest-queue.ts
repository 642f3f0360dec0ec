import type { Random } from "../../random/index.js";
import type { Replica } from "../replica.js";
import type { PolicyRequest } from "./policy.js";

/** Among the candidates that `isEligible` names, the one with the least load; a tie goes to chance, never to list order. */
export function shortestQueue(
  { candidates, loads }: PolicyRequest,
  random: Random,
  isEligible: (replica: Replica) => boolean,
): Replica | null {
  let shortest = Number.POSITIVE_INFINITY;
  let ties = 0;
  let chosen: Replica | null = null;
  for (let i = 0; i < candidates.length; i++) {
    const load = loads[i]!;
    if (load > shortest || !isEligible(candidates[i]!)) continue;
    ties = load < shortest || chosen === null ? 1 : ties + 1;
    shortest = load;
    // The k-th of equals replaces the one before it with probability 1/k: each is as likely in the end.
    if (ties === 1 || random.below(ties) === 0) chosen = candidates[i]!;
  }
  return chosen;
}
