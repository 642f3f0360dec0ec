import { type InsertReceipt, PrefixTree, type TenantSet } from "../../tree/index.js";
import type { Choice } from "../decision.js";
import type { RequestKey } from "../request-key.js";
import type { Policy, PolicyEnvironment, PolicyRequest, Route } from "./policy.js";
import { shorterOfTwo } from "./pow-of-2.js";
import { shortestQueue } from "./shortest-queue.js";

/** The options of `prefix_aware`, by the names of Ray's `PrefixCacheAffinityRouter`. */
export interface PrefixAwareOptions {
  /** Longest minus shortest queue above which the match is not asked for. Default: Infinity (until mid-2025: 10). */
  imbalancedThreshold?: number;
  /** Matched share of the text, 0 to 1, below which the smallest tenants are chosen from. Default: 0.1. */
  matchRateThreshold?: number;
  /** Whether the tree's eviction loop runs. Default: false. The tree's own byte bound holds in any case. */
  doEviction?: boolean;
  /** Characters a replica above which the loop evicts from it. Default: 400,000. */
  evictionThresholdChars?: number;
  /**
   * Characters a replica down to which it evicts, at most the threshold: with a higher target the loop would never evict.
   * Default: 360,000, or the threshold where that is lower.
   */
  evictionTargetChars?: number;
  /** Seconds between two sweeps of the loop. Default: 10. */
  evictionIntervalSecs?: number;
}

/**
 * `prefix_aware`: the replica that holds the longest matching prefix.
 *
 * Rule: 1. If the queues differ by more than `imbalancedThreshold`, power of two choices.
 * 2. Match the text against the candidates' texts. If the match rate is at least `matchRateThreshold`, choose among the
 * owners of the deepest node reached; else among the candidates with the fewest characters in the tree.
 * 3. Of these the one with the shortest queue; on a tie any.
 * Formula: match rate = matched characters ÷ characters of the text, 0 for an empty text.
 * Defaults: imbalancedThreshold Infinity, matchRateThreshold 0.1, no eviction loop (400,000 / 360,000 / 10 s).
 * Source: Ray Serve LLM's PrefixCacheAffinityRouter, newest behaviour (smallest tenants among the candidates). Ray inserts
 * the text when the replica has taken the request; here that is `insertAt: "accept"`, and by default it is inserted when
 * the replica is chosen, so that a burst of one new prefix stays together.
 */
export function prefixAware(
  options: PrefixAwareOptions,
  { random, insertAt, tree: bounds }: PolicyEnvironment,
): Policy {
  const { imbalancedThreshold = Number.POSITIVE_INFINITY, matchRateThreshold = 0.1 } = options;
  const { evictionThresholdChars = 400_000, evictionIntervalSecs = 10 } = options;
  const { doEviction = false, evictionTargetChars = Math.min(360_000, evictionThresholdChars) } = options;
  const tree = new PrefixTree(bounds);
  let everyone: TenantSet = tree.tenantSet([]);

  function choose(request: PolicyRequest): Choice {
    const { key, candidates, loads } = request;
    if (isImbalanced(loads, imbalancedThreshold)) {
      return { replica: shorterOfTwo(request, random), reason: "imbalanced", matchedChars: 0 };
    }
    const available = request.everyReplica ? everyone : candidates.map(({ id }) => id);
    const match = tree.prefixMatch(key.text, available, namespaceOf(key), request.timeS);
    const { matchedChars } = match;
    const matches = (key.chars === 0 ? 0 : matchedChars / key.chars) >= matchRateThreshold;
    const eligible = (matches ? match.matchedTenants : tree.getSmallestTenants(available)) ?? [];
    const replica = shortestQueue(request, eligible, random);
    if (candidates.length === 1) return { replica: candidates[0]!, reason: "only_candidate", matchedChars };
    if (replica === null) return { replica: shorterOfTwo(request, random), reason: "two_choices", matchedChars };
    return { replica, reason: matches ? "prefix_match" : "smallest_tenant", matchedChars };
  }

  return {
    name: "prefix_aware",
    tree,
    choose,
    onRouted(route: Route) {
      const { key, replica, timeS } = route;
      if (insertAt === "choice") route.memo = tree.insertRevocable(key.text, replica.id, timeS, namespaceOf(key));
    },
    onAccepted({ key, replica, timeS }: Route) {
      if (insertAt === "accept") tree.insert(key.text, replica.id, timeS, namespaceOf(key));
    },
    onRejected(route: Route) {
      if (insertAt === "choice") tree.revokeInsert(route.key.text, route.replica.id, route.memo as InsertReceipt);
    },
    onReplicasChanged({ replicas, added, removed, timeS }) {
      tree.addTenants(added, timeS);
      tree.removeTenants(removed);
      everyone = tree.tenantSet(replicas.map(({ id }) => id));
      if (!doEviction) return;
      // While it runs, a second start does nothing.
      tree.startEvictionLoop({
        evictionThreshold: evictionThresholdChars,
        evictionTarget: evictionTargetChars,
        intervalSecs: evictionIntervalSecs,
      });
    },
    dispose() {
      tree[Symbol.dispose]();
    },
  };
}

function namespaceOf({ namespace }: RequestKey): string | undefined {
  return namespace === "" ? undefined : namespace;
}

function isImbalanced(loads: readonly number[], threshold: number): boolean {
  if (threshold === Number.POSITIVE_INFINITY) return false;
  let highest = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const load of loads) {
    highest = Math.max(highest, load);
    lowest = Math.min(lowest, load);
  }
  return highest - lowest > threshold;
}
