import type { Choice, Policy, PolicyEnvironment, PolicyRequest } from "../../routing/index.js";
import type { ClusterProbe } from "./probe.js";

/**
 * The least predicted time to first token, by what no router can see: the bound of what greedy routing reaches. It heeds nothing but
 * the request itself, so that now and then a policy is better.
 */
export function oracle(probe: ClusterProbe): (environment: PolicyEnvironment) => Policy {
  return ({ random }) => ({
    name: "oracle",
    tree: null,
    choose({ key, candidates, loads }: PolicyRequest): Choice {
      let chosen = 0;
      let least = Number.POSITIVE_INFINITY;
      let ties = 1;
      for (let i = 0; i < candidates.length; i++) {
        const ms = probe.predictedTtftMs(key, candidates[i]!.id);
        if (ms > least || (ms === least && loads[i]! > loads[chosen]!)) continue;
        ties = ms === least && loads[i] === loads[chosen] ? ties + 1 : 1;
        if (ties > 1 && random.below(ties) > 0) continue;
        chosen = i;
        least = ms;
      }
      return { replica: candidates[chosen]!, reason: "lowest_cost", matchedChars: 0 };
    },
  });
}
