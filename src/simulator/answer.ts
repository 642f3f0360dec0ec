import { Random } from "../random/index.js";
import { tokenId } from "./tokenizer.js";

/** Each is one token of tokenizer.ts with the space before it. */
const WORDS =
  "the a one some this that all each light blue air sky sun wave short long more less it they we you is are was has can may will goes comes turns looks seems makes gives takes keeps so and but when where then here there near far down up over under with from into like as".split(
    " ",
  );
const SHORTEST = 32;
const LONGEST = 256;

/** What a replica answers to a prompt: always the same, of plausible words. */
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
      const at = this.#words.length;
      const word = WORDS[this.#random.below(WORDS.length)]!;
      this.#words.push(at % 12 === 11 ? "." : ` ${word}`);
    }
    return this.#words[index]!;
  }

  tokenId(index: number): number {
    return tokenId(this.token(index));
  }
}
