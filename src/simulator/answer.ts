import { Random } from "../random/index.js";
import { tokenId } from "../workloads/index.js";

/** Each is one token of the tokenizer with the space before it. */
const WORDS =
  "the a one some this that all each light blue air sky sun wave short long more less it they we you is are was has can may will goes comes turns looks seems makes gives takes keeps so and but when where then here there near far down up over under with from into like as".split(
    " ",
  );
/** Words that are one token with the full stop after them too. */
const LAST_WORDS = WORDS.filter((word) => word.length <= 4);
/** Tokens of a sentence. */
const SENTENCE = 12;
const SHORTEST = 32;
const LONGEST = 256;

/**
 * What a replica answers to a prompt: always the same, of plausible words. Read again as text after the prompt it has the tokens
 * that were generated, so a conversation's next turn finds them in the cache.
 */
export class Answer {
  /** How many tokens it has when nothing cuts it short. */
  readonly naturalTokens: number;
  readonly #random: Random;
  readonly #words: string[] = [];

  constructor(prompt: readonly number[]) {
    let seed = 17;
    for (const token of prompt) seed = (Math.imul(seed, 31) + token) | 0;
    this.#random = new Random(seed);
    this.naturalTokens = SHORTEST + this.#random.below(LONGEST - SHORTEST);
  }

  /** The text of the i-th token. */
  token(index: number): string {
    while (this.#words.length <= index) {
      const last = this.#words.length % SENTENCE === SENTENCE - 1;
      const words = last ? LAST_WORDS : WORDS;
      this.#words.push(` ${words[this.#random.below(words.length)]!}${last ? "." : ""}`);
    }
    return this.#words[index]!;
  }

  tokenId(index: number): number {
    return tokenId(this.token(index));
  }
}
