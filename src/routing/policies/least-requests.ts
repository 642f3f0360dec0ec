import type { Choice } from "../decision.js";
import { leastLoaded } from "./least-loaded.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";

/**
 * `least_requests`: the candidate with the fewest requests under way.
 *
 * Rule: the smallest load; among equals any, by chance.
 * Formula: argmin load(replica); load = this router's live leases + what the replica reported beyond them.
 * Options: none.
 * Source: Envoy's and nginx's least requests, AIBrix `least-request`, SMG `least_load` without engine reports.
 * Mind: a client that sends its next turn at once finds its last replica the emptiest, and looks sticky; real ones think.
 */
export function leastRequests(_options: object, { random }: PolicyEnvironment): Policy {
  const choose = ({ candidates, loads }: PolicyRequest): Choice => ({
    replica: candidates[leastLoaded(loads, random)]!,
    reason: candidates.length === 1 ? "only_candidate" : "least_loaded",
    matchedChars: 0,
    figures: () => loads.map((score) => ({ matchedChars: null, score })),
  });
  return { name: "least_requests", tree: null, choose, preview: choose };
}
