import type { Choice, Policy, PolicyEnvironment, PolicyRequest } from "../../routing/index.js";
import type { ClusterProbe, Outlook } from "./probe.js";

/**
 * What the oracle holds to be least. `"ttft"`: the predicted time to first token. `"prefill"`: that and once more the request's own prefill,
 * which those that come later wait for. `"delay"`: that and the delay which the prefill is to each request on the replica.
 */
export type OracleCost = "ttft" | "prefill" | "delay";

const COSTS: Readonly<Record<OracleCost, (outlook: Outlook) => number>> = {
  ttft: ({ ttftMs }) => ttftMs,
  prefill: ({ ttftMs, prefillMs }) => ttftMs + prefillMs,
  delay: ({ ttftMs, prefillMs, others }) => ttftMs + prefillMs * others,
};

/**
 * The least cost by what no router can see: caches, queues and steps as they are. It is greedy, each request for itself, so that a policy
 * may be better now and then.
 */
export function oracle(probe: ClusterProbe, by: OracleCost): (environment: PolicyEnvironment) => Policy {
  const costOf = COSTS[by];
  return ({ random }) => ({
    name: "oracle",
    tree: null,
    choose({ key, candidates, loads }: PolicyRequest): Choice {
      let chosen = 0;
      let least = Number.POSITIVE_INFINITY;
      let ties = 1;
      for (let i = 0; i < candidates.length; i++) {
        const cost = costOf(probe.outlook(key, candidates[i]!.id));
        if (cost > least || (cost === least && loads[i]! > loads[chosen]!)) continue;
        ties = cost === least && loads[i] === loads[chosen] ? ties + 1 : 1;
        if (ties > 1 && random.below(ties) > 0) continue;
        chosen = i;
        least = cost;
      }
      return { replica: candidates[chosen]!, reason: "lowest_cost", matchedChars: 0 };
    },
  });
}
