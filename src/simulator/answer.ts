import { Random } from "../random/index.js";
import { type Tokenizer, tokenize } from "../workloads/index.js";

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
  readonly #tokenizer: Tokenizer;
  readonly #texts: string[] = [];
  readonly #ids: number[] = [];
  #words = 0;

  /** @param variant tells several answers to one prompt apart. */
  constructor(prompt: readonly number[], tokenizer: Tokenizer = tokenize, variant = 0) {
    let seed = 17 + variant;
    for (const token of prompt) seed = (Math.imul(seed, 31) + token) | 0;
    this.#random = new Random(seed);
    this.#tokenizer = tokenizer;
    this.naturalTokens = SHORTEST + this.#random.below(LONGEST - SHORTEST);
  }

  /** The text of the i-th token. */
  token(index: number): string {
    this.#writeTo(index);
    return this.#texts[index]!;
  }

  tokenId(index: number): number {
    this.#writeTo(index);
    return this.#ids[index]!;
  }

  /** A word that another tokenizer cuts into several tokens comes with the last of them. */
  #writeTo(index: number): void {
    while (this.#ids.length <= index) {
      const last = this.#words++ % SENTENCE === SENTENCE - 1;
      const words = last ? LAST_WORDS : WORDS;
      const text = ` ${words[this.#random.below(words.length)]!}${last ? "." : ""}`;
      const ids = this.#tokenizer(text);
      if (ids.length === 0) throw new RangeError(`the tokenizer gave no token for ${JSON.stringify(text)}`);
      ids.forEach((id, i) => {
        this.#ids.push(id);
        this.#texts.push(i === ids.length - 1 ? text : "");
      });
    }
  }
}
