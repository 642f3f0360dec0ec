import type { Candidates } from "./candidates.js";

/** What `prefixMatch` found. It does not change when the tree does. */
export class PrefixMatch {
  /** How many characters (code points) of the text matched. */
  readonly matchedChars: number;
  readonly #text: string;
  readonly #units: number;
  readonly #candidates: Candidates;
  /** Owners of the deepest node reached; an array where the tree has more than 64 slots. */
  readonly #owners: readonly number[] | null;
  readonly #low: number;
  readonly #high: number;

  /** @internal */
  constructor(
    matchedChars: number,
    text: string,
    units: number,
    candidates: Candidates,
    low: number,
    high: number,
    owners: readonly number[] | null,
  ) {
    this.matchedChars = matchedChars;
    this.#text = text;
    this.#units = units;
    this.#candidates = candidates;
    this.#low = low;
    this.#high = high;
    this.#owners = owners;
  }

  /** The part of the text that matched. Built when read. */
  get matchedText(): string {
    return this.#text.slice(0, this.#units);
  }

  /**
   * The candidates that own the deepest node reached, in the candidates' order, repeats kept; all candidates when nothing
   * matched; null when no candidate is known to the tree. Built when read: O(candidates).
   */
  get matchedTenants(): string[] | null {
    const names: string[] = [];
    for (const { name, slot } of this.#candidates.tenants) {
      if ((this.#wordOf(slot) & (1 << (slot & 31))) !== 0) names.push(name);
    }
    return names.length === 0 ? null : names;
  }

  #wordOf(slot: number): number {
    if (this.#owners !== null) return this.#owners[slot >> 5] ?? 0;
    return slot < 32 ? this.#low : this.#high;
  }
}

/** What `prefixMatchTokens` found. It does not change when the tree does. */
export class TokenMatch {
  readonly #match: PrefixMatch;

  /** @internal */
  constructor(match: PrefixMatch) {
    this.#match = match;
  }

  /** How many tokens matched. */
  get matchedTokens(): number {
    return this.#match.matchedChars;
  }

  /** As `PrefixMatch.matchedTenants`. */
  get matchedTenants(): string[] | null {
    return this.#match.matchedTenants;
  }
}
