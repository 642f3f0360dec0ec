import type { Exclusion, Selection } from "./candidates.js";
import type { Replica } from "./replica.js";

/** Why a replica was chosen: the closed list of reasons, each with what it means. */
export const DECISION_REASONS = {
  only_candidate: "no other replica could be chosen",
  prefix_match: "it holds the longest matching prefix, and of those that do it has the least load",
  smallest_tenant: "too little of the text matched; it owns the fewest characters of the tree",
  imbalanced: "the queues differ by more than the threshold; the less loaded of two drawn at random",
  two_choices: "the less loaded of two drawn at random",
  rotation: "it was its turn",
  random: "drawn at random",
  least_loaded: "nothing but load told the replicas apart, and it has the least",
  hash_home: "the first on the hash ring for this key",
  hash_spill: "those before it on the hash ring for this key have more than their share of the load",
  session: "the session's home",
  new_session: "the session had no home; it has the least load",
  spill: "those that hold the prefix, or the session's home, have too much to do; it has the least load",
  lowest_cost: "prefill and load together cost the least there",
  highest_score: "queue, free cache and match together score the most there",
  sampled: "drawn at random, the better ones more often",
  custom: "a policy of the user's own chose it",
} as const;

/** One of `DECISION_REASONS`. */
export type DecisionReason = keyof typeof DECISION_REASONS;

/** Why a replica was no choice: it was no candidate, or the policy found it `overloaded`. */
export type ExclusionReason = Exclusion | "overloaded";

/** What was chosen and why. */
export interface Decision {
  /** The replica's id. */
  readonly replica: string;
  /** The policy's name. */
  readonly policy: string;
  readonly reason: DecisionReason;
  /** Characters of the text that the tree had for the candidates; 0 where the policy did not look. */
  readonly matchedChars: number;
  /** Characters of the request's text; of a prompt of token ids the tokens, as in all that counts characters here. */
  readonly textChars: number;
  /** `matchedChars` ÷ `textChars`; 0 for an empty text. */
  readonly matchRate: number;
  /** Characters of the longest prefix that some candidate has been sent; null where the policy did not look. */
  readonly hitAvailable: number | null;
  /** Characters of the longest prefix that the chosen replica has been sent; null where the policy did not look. */
  readonly hitChosen: number | null;
  /**
   * The replicas to choose from, when this was decided; of a decision that was to be explained, after them those that were no
   * candidates. Built when read.
   */
  readonly candidates: readonly DecisionCandidate[];
}

/** A replica that could have been chosen, or why it could not. */
export interface DecisionCandidate {
  /** Its id. */
  readonly replica: string;
  /** Its load (`Replica.load`). */
  readonly queueLength: number;
  /** Characters of the text that it had been sent; null unless the decision was to be explained and the policy looks. */
  readonly matchedChars: number | null;
  /** What the policy compared, as its rule says; null unless the decision was to be explained and the policy has scores. */
  readonly score: number | null;
  /** Why it was no choice. */
  readonly excluded?: ExclusionReason;
}

/** What a policy knew of a candidate. */
export interface CandidateFigures {
  /** Characters of the text that it had been sent; null where the policy did not look. */
  readonly matchedChars: number | null;
  /** What the policy compared; null where it compares no number. */
  readonly score: number | null;
  /** `"overloaded"` where the policy passed over it. */
  readonly excluded?: ExclusionReason;
}

/** What a policy has chosen. */
export interface Choice {
  /** One of the candidates, or of those in `PolicyRequest.full`. */
  readonly replica: Replica;
  /** `"custom"` for a policy of one's own, unless another says it better. */
  readonly reason: DecisionReason;
  /** Characters of the longest prefix that some candidate has been sent; 0 where the policy did not look. */
  readonly matchedChars: number;
  /** Characters of it that the chosen one has been sent; absent where the policy did not look. */
  readonly hitChosen?: number;
  /**
   * The figures of every candidate, in their order. Costs nothing unless called; to be called, if at all, before any other
   * call of the policy, and not to be kept: it holds the request's text.
   */
  figures?(): CandidateFigures[];
}

/** A few lines for a person: the choice, its reason, the match, and the candidates with their figures. */
export function explain(decision: Decision): string {
  const { replica, policy, reason, textChars, hitAvailable, hitChosen, candidates } = decision;
  const lines = [`${policy} chose ${replica}: ${reason} (${DECISION_REASONS[reason]})`];
  if (hitAvailable !== null && hitChosen !== null) {
    const rate = (chars: number): string => (textChars === 0 ? "0 %" : `${Math.floor((chars / textChars) * 100)} %`);
    lines.push(
      `the best match was ${hitAvailable} of ${textChars} characters (${rate(hitAvailable)}); ` +
        `${replica} had ${hitChosen} (${rate(hitChosen)})`,
    );
  }
  const width = candidates.reduce((most, each) => Math.max(most, each.replica.length), 0);
  for (const { replica: id, queueLength, matchedChars, score, excluded } of candidates) {
    let line = `${id === replica ? "*" : " "} ${id.padEnd(width)}  queue ${queueLength}`;
    if (matchedChars !== null) line += `  matched ${matchedChars}`;
    if (score !== null) line += `  score ${shortNumber(score)}`;
    if (excluded !== undefined) line += `  ${excluded}`;
    lines.push(line);
  }
  return lines.join("\n");
}

function shortNumber(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/** @internal */
export class RecordedDecision implements Decision {
  readonly replica: string;
  readonly policy: string;
  readonly reason: DecisionReason;
  readonly matchedChars: number;
  readonly textChars: number;
  readonly hitChosen: number | null;
  readonly #replicas: readonly Replica[];
  readonly #loads: readonly number[];
  readonly #explained: Explained | null;

  /** @param explained whether the candidates' figures are to be built; then before any other call of the policy. */
  constructor(
    policy: string,
    choice: Choice,
    textChars: number,
    { replicas, excluded }: Selection,
    loads: readonly number[],
    explained = false,
  ) {
    this.replica = choice.replica.id;
    this.policy = policy;
    this.reason = choice.reason;
    this.matchedChars = choice.matchedChars;
    this.textChars = textChars;
    this.hitChosen = choice.hitChosen ?? null;
    this.#replicas = replicas;
    this.#loads = loads;
    this.#explained = explained ? { figures: choice.figures?.() ?? [], others: othersOf(excluded) } : null;
  }

  get matchRate(): number {
    return this.textChars === 0 ? 0 : this.matchedChars / this.textChars;
  }

  get hitAvailable(): number | null {
    return this.hitChosen === null ? null : this.matchedChars;
  }

  get candidates(): readonly DecisionCandidate[] {
    const candidates = this.#replicas.map(({ id }, i) => ({
      replica: id,
      queueLength: this.#loads[i]!,
      ...(this.#explained?.figures[i] ?? NO_FIGURES),
    }));
    return [...candidates, ...(this.#explained?.others ?? [])];
  }
}

/** What is kept of a decision that is to be explained. */
interface Explained {
  readonly figures: readonly CandidateFigures[];
  readonly others: readonly DecisionCandidate[];
}

const NO_FIGURES: CandidateFigures = { matchedChars: null, score: null };

/** Those that were no candidates, with their leases at the time. */
function othersOf(excluded: Selection["excluded"]): DecisionCandidate[] {
  if (excluded === null) return [];
  return excluded.list().map(({ replica: { id, queueLength }, why }) => ({
    replica: id,
    queueLength,
    ...NO_FIGURES,
    excluded: why,
  }));
}
