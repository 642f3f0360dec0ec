import type { Random } from "../../random/index.js";
import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";

/**
 * `pow_of_2`: power of two choices.
 *
 * Rule: draw two different candidates at random; the one with the smaller load gets the request, on a tie either.
 * Formula: argmin(load(a), load(b)); load = this router's live leases + what the replica reported beyond them.
 * Options: none.
 * Source: Mitzenmacher, "The power of two choices in randomized load balancing" (2001); Ray Serve's default request router.
 */
export function powOf2(_options: object, { random }: PolicyEnvironment): Policy {
  const choose = (request: PolicyRequest): Choice => ({
    replica: shorterOfTwo(request, random),
    reason: request.candidates.length === 1 ? "only_candidate" : "two_choices",
    matchedChars: 0,
  });
  return { name: "pow_of_2", tree: null, choose, preview: choose };
}

/** The less loaded of two candidates drawn at random; the order of drawing, random too, breaks a tie. */
export function shorterOfTwo({ candidates, loads }: PolicyRequest, random: Random): Replica {
  const count = candidates.length;
  if (count === 1) return candidates[0]!;
  const first = random.below(count);
  const other = random.below(count - 1);
  const second = other < first ? other : other + 1;
  return candidates[loads[second]! < loads[first]! ? second : first]!;
}
