import type { Selection } from "./candidates.js";
import type { Replica } from "./replica.js";

/**
 * Why a replica was chosen.
 * - `prefix_match`: it holds the longest matching prefix, and among those that do it has the shortest queue.
 * - `smallest_tenant`: too little of the text matched; it owns the fewest characters of the tree, or as few and has the
 *   shortest queue.
 * - `imbalanced`: the queues differ by more than `imbalancedThreshold`; the shorter of two drawn at random.
 * - `two_choices`: the shorter queue of two drawn at random.
 * - `only_candidate`: no other replica had room.
 */
export type DecisionReason = "prefix_match" | "smallest_tenant" | "imbalanced" | "two_choices" | "only_candidate";

/** What was chosen and why. */
export interface Decision {
  /** The replica's id. */
  readonly replica: string;
  /** The policy's name. */
  readonly policy: string;
  readonly reason: DecisionReason;
  /** Characters of the text that the tree had for the candidates; 0 where the policy did not look. */
  readonly matchedChars: number;
  /** Characters of the request's text. */
  readonly textChars: number;
  /** `matchedChars` ÷ `textChars`; 0 for an empty text. */
  readonly matchRate: number;
  /** The replicas to choose from, and their loads (`Replica.load`) when this was decided. Built when read. */
  readonly candidates: readonly { replica: string; queueLength: number }[];
}

/** What a policy has chosen. */
export interface Choice {
  readonly replica: Replica;
  readonly reason: DecisionReason;
  readonly matchedChars: number;
}

/** @internal */
export class RecordedDecision implements Decision {
  readonly replica: string;
  readonly policy: string;
  readonly reason: DecisionReason;
  readonly matchedChars: number;
  readonly textChars: number;
  readonly #replicas: readonly Replica[];
  readonly #loads: readonly number[];

  constructor(
    policy: string,
    { replica, reason, matchedChars }: Choice,
    textChars: number,
    { replicas }: Selection,
    loads: readonly number[],
    _explained = false,
  ) {
    this.replica = replica.id;
    this.policy = policy;
    this.reason = reason;
    this.matchedChars = matchedChars;
    this.textChars = textChars;
    this.#replicas = replicas;
    this.#loads = loads;
  }

  get matchRate(): number {
    return this.textChars === 0 ? 0 : this.matchedChars / this.textChars;
  }

  get candidates(): readonly { replica: string; queueLength: number }[] {
    return this.#replicas.map(({ id }, i) => ({ replica: id, queueLength: this.#loads[i]! }));
  }
}
