import type { Choice, DecisionReason } from "../decision.js";
import type { Replica } from "../replica.js";
import { leastLoaded, leastLoadedOf } from "./least-loaded.js";
import type { OptionsOf, ValuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";
import { SentTexts, type TreeValues, textKeeping } from "./sent-texts.js";

export const CACHE_AWARE = {
  cacheThreshold: {
    kind: "number",
    least: 0,
    most: 1,
    default: 0.3,
    unit: "share of the text",
    about: "a match must be longer than this to count",
  },
  balanceAbsThreshold: {
    kind: "number",
    least: 0,
    default: 64,
    unit: "requests",
    about: "a holder is passed over only if its load is above the average by more than this",
  },
  balanceRelThreshold: {
    kind: "number",
    least: 1,
    default: 1.5,
    unit: "× the average load",
    about: "and above the average times this",
  },
} as const;

/** The options of `cache_aware`, but for those of its tree. */
export type CacheAwareOptions = OptionsOf<typeof CACHE_AWARE>;

/**
 * `cache_aware`: a replica that holds the match, unless it has far more to do than the average.
 *
 * Rule: 1. Match the text. If the match rate is above `cacheThreshold`, the holders of the deepest node stand for choice; those
 * whose load is above both bounds are passed over; of the rest the least loaded.
 * 2. No holder left: the least loaded of all. The text is inserted there too, so a hot prefix gains a second home.
 * 3. Match too short: the least loaded of all.
 * Formula: passed over ⇔ load > balanceRelThreshold · average AND load > average + balanceAbsThreshold; the average is the
 * candidates'. Match rate and threshold as in "matched ÷ characters > threshold", strict.
 * Defaults: cacheThreshold 0.3, balanceAbsThreshold 64, balanceRelThreshold 1.5 (the command line's; SMG's library has 0.5, 32
 * and 1.1), maxChars 2^26 for all replicas together.
 * Source: SMG (Shepherd Model Gateway, the SGLang router's successor) since August 2026, `policies/cache_aware.rs`.
 * Differs: load is requests, SMG's fallback without engine reports; all holders count, not the first 8; the bound on the tree
 * holds at every insert, not every 120 s; overlap decay, temperature and KV pressure, all off by default there, are left out.
 */
export function cacheAware(values: ValuesOf<typeof CACHE_AWARE> & TreeValues, environment: PolicyEnvironment): Policy {
  const { cacheThreshold, balanceAbsThreshold, balanceRelThreshold } = values;
  const { random } = environment;
  const texts = new SentTexts(values, environment);

  function choose(request: PolicyRequest): Choice {
    const { key, candidates, loads } = request;
    const bound = loadBound(loads);
    let matchedChars = 0;
    let reason = "least_loaded" as DecisionReason;
    const isSafe = (_replica: Replica, load: number): boolean => load <= bound;
    const replica = texts.matchThenPlace(request, texts.available(request), (match) => {
      matchedChars = match.matchedChars;
      if (key.chars > 0 && matchedChars / key.chars > cacheThreshold) {
        const holder = leastLoadedOf(request, match.matchedTenants ?? [], texts.byId, random, isSafe);
        reason = holder === null ? "spill" : "prefix_match";
        if (holder !== null) return holder;
      }
      return candidates[leastLoaded(loads, random)]!;
    })!;
    return {
      replica,
      reason: candidates.length === 1 ? "only_candidate" : reason,
      matchedChars,
      hitChosen: texts.hitOf(request, replica, reason === "prefix_match" ? matchedChars : undefined),
      figures: () =>
        texts.hitsOf(request).map((hit, i) => ({
          matchedChars: hit,
          score: loads[i]!,
          ...(loads[i]! > bound && { excluded: "overloaded" as const }),
        })),
    };
  }

  /** The load above which a holder is passed over: the higher of the two bounds, since it has to be above both. */
  function loadBound(loads: readonly number[]): number {
    let total = 0;
    for (const load of loads) total += load;
    const average = total / loads.length;
    return Math.max(average * balanceRelThreshold, average + balanceAbsThreshold);
  }

  return {
    name: "cache_aware",
    ...textKeeping(texts),
    choose,
    preview: (request) => texts.look(() => choose(request)),
  };
}
