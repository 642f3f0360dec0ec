import type { Choice } from "../decision.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";

/**
 * `random`: any candidate.
 *
 * Rule: each candidate is as likely; load and text count for nothing. The baseline to compare others with.
 * Formula: P(replica) = 1 / candidates.
 * Options: none.
 * Source: SGLang router `random`, llm-d's random picker.
 */
export function randomChoice(_options: object, { random }: PolicyEnvironment): Policy {
  const choose = ({ candidates }: PolicyRequest): Choice => ({
    replica: candidates[random.below(candidates.length)]!,
    reason: candidates.length === 1 ? "only_candidate" : "random",
    matchedChars: 0,
  });
  return { name: "random", tree: null, choose, preview: choose };
}
