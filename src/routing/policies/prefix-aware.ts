import type { SweepOptions } from "../../tree/index.js";
import type { Choice, DecisionReason } from "../decision.js";
import type { Replica } from "../replica.js";
import { leastLoadedOf } from "./least-loaded.js";
import type { OptionsOf, ValuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";
import { shorterOfTwo } from "./pow-of-2.js";
import { SentTexts, type TreeValues, textKeeping } from "./sent-texts.js";

export const PREFIX_AWARE = {
  imbalancedThreshold: {
    kind: "number",
    least: 0,
    default: null,
    unit: "requests",
    about: "longest minus shortest queue above which the match is not asked for (until mid-2025: 10)",
  },
  matchRateThreshold: {
    kind: "number",
    least: 0,
    most: 1,
    default: 0.1,
    unit: "share of the text",
    about: "least match; below it the smallest tenants are chosen from",
  },
  spill: {
    kind: "word",
    words: ["none", "per-replica"],
    default: "none",
    about: "when all that hold the match are full, a request that can wait waits for one, or goes to the next best",
  },
  doEviction: {
    kind: "flag",
    default: false,
    about: "whether each replica's part of the tree is kept small at intervals; maxBytes holds in any case",
  },
  evictionThresholdChars: {
    kind: "whole",
    least: 0,
    default: 400_000,
    unit: "characters a replica",
    about: "above this the loop evicts from a replica",
  },
  evictionTargetChars: {
    kind: "whole",
    least: 0,
    default: 360_000,
    unit: "characters a replica",
    about: "down to this it evicts; at most the threshold, to which the default is cut",
  },
  evictionIntervalSecs: {
    kind: "number",
    above: 0,
    most: 2147483,
    default: 10,
    unit: "seconds",
    about: "time between two sweeps of the loop",
  },
} as const;

/** The options of `prefix_aware`, but for those of its tree. */
export type PrefixAwareOptions = OptionsOf<typeof PREFIX_AWARE>;

/**
 * `prefix_aware`: the replica that holds the longest matching prefix.
 *
 * Rule: 1. If the queues differ by more than `imbalancedThreshold`, or there is no text, power of two choices.
 * 2. Match the text against the candidates' texts. If the match rate is at least `matchRateThreshold`, choose among the
 * owners of the deepest node reached; else among the candidates with the fewest characters in the tree.
 * 3. Of these the one with the shortest queue; on a tie any.
 * 4. Where a request can wait and all of these are full, it waits for one; with `spill: "per-replica"` only replicas with room
 * are candidates from the start, so it goes to the next best.
 * Formula: match rate = matched characters ÷ characters of the text.
 * Defaults: imbalancedThreshold Infinity, matchRateThreshold 0.1, spill "none", no eviction loop (400,000 / 360,000 / 10 s).
 * Source: Ray Serve LLM's PrefixCacheAffinityRouter, newest behaviour (smallest tenants among the candidates). Ray inserts
 * the text when the replica has taken the request; here that is `insertAt: "accept"`, and by default it is inserted when
 * the replica is chosen, so that a burst of one new prefix stays together. Ray has an empty text match at rate 0: they all go to
 * the smallest tenant, which they do not make larger; only what has no arguments goes by load there.
 * Mind: with the default threshold nothing spills, however long the queue; 10 does far better where one prefix is hot.
 */
export function prefixAware(
  values: ValuesOf<typeof PREFIX_AWARE> & TreeValues,
  environment: PolicyEnvironment,
): Policy {
  const { imbalancedThreshold, matchRateThreshold, spill } = values;
  const { random, every } = environment;
  const texts = new SentTexts(values, environment);
  const keeping = textKeeping(texts);
  let evicts = false;

  function choose(asked: PolicyRequest): Choice {
    if (imbalancedThreshold !== null && spread(asked.loads) > imbalancedThreshold) {
      const replica = shorterOfTwo(asked, random);
      texts.place(asked, replica);
      return { replica, reason: "imbalanced", matchedChars: 0 };
    }
    // In the tree nothing tells one replica from another for it, however many come.
    if (asked.key.chars === 0) return { replica: shorterOfTwo(asked, random), reason: "two_choices", matchedChars: 0 };
    const waits = spill === "none" && asked.full !== undefined && asked.full.length > 0;
    const request = waits ? withFull(asked, asked.full!) : asked;
    const { key, candidates } = request;
    const available = texts.available(request);
    let matchedChars = 0;
    let reason = "smallest_tenant" as DecisionReason;
    let replica = texts.matchThenPlace(request, available, (match) => {
      matchedChars = match.matchedChars;
      if (matchedChars / key.chars < matchRateThreshold) return null;
      reason = "prefix_match";
      return shortest(request, match.matchedTenants ?? [], waits);
    });
    if (replica === null) {
      replica = shortest(request, texts.tree.getSmallestTenants(available) ?? [], waits);
      if (replica === null) {
        replica = shorterOfTwo(asked, random);
        reason = "two_choices";
      }
      texts.place(request, replica);
    }
    return {
      replica,
      reason: candidates.length === 1 ? "only_candidate" : reason,
      matchedChars,
      hitChosen: texts.hitOf(request, replica, reason === "prefix_match" ? matchedChars : undefined),
      figures: () => texts.hitsOf(asked).map((hit) => ({ matchedChars: hit, score: null })),
    };
  }

  function shortest(request: PolicyRequest, ids: readonly string[], waits: boolean): Replica | null {
    const withRoom = waits ? leastLoadedOf(request, ids, texts.byId, random, hasRoom) : null;
    return withRoom ?? leastLoadedOf(request, ids, texts.byId, random);
  }

  return {
    name: "prefix_aware",
    ...keeping,
    choose,
    preview: (request) => texts.look(() => choose(request)),
    onReplicasChanged(change) {
      texts.replicasChanged(change);
      if (!values.doEviction || evicts) return;
      evicts = true;
      every(values.evictionIntervalSecs, (timeS) => {
        texts.tree.expire(timeS);
        texts.tree.sweep(evictionBounds(values));
      });
    },
  };
}

function hasRoom(replica: Replica): boolean {
  return replica.hasRoom;
}

/** Longest minus shortest. */
function spread(loads: readonly number[]): number {
  let highest = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const load of loads) {
    if (load > highest) highest = load;
    if (load < lowest) lowest = load;
  }
  return highest - lowest;
}

/** The request with the full replicas among its candidates. */
function withFull(request: PolicyRequest, full: readonly Replica[]): PolicyRequest {
  return {
    ...request,
    candidates: [...request.candidates, ...full],
    loads: [...request.loads, ...full.map((replica) => replica.load(request.timeS))],
    everyReplica: false,
  };
}

function evictionBounds(values: ValuesOf<typeof PREFIX_AWARE>): SweepOptions {
  const { evictionThresholdChars, evictionTargetChars } = values;
  return {
    evictionThreshold: evictionThresholdChars,
    evictionTarget: Math.min(evictionTargetChars, evictionThresholdChars),
  };
}

/** @throws RangeError for a target above the threshold: such a loop would never evict. */
export function checkPrefixAware({ evictionThresholdChars, evictionTargetChars }: PrefixAwareOptions): void {
  const threshold = evictionThresholdChars ?? PREFIX_AWARE.evictionThresholdChars.default;
  if (evictionTargetChars !== undefined && evictionTargetChars > threshold) {
    throw new RangeError(
      `evictionTargetChars must be at most evictionThresholdChars (${threshold}), not ${evictionTargetChars}`,
    );
  }
}
