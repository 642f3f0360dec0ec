import type { Random } from "../../../src/random/index.js";

/** Each with the space after it. */
export const ENGLISH: readonly string[] = (
  "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not " +
  "what all were we when your can said there use an each which she do how their if will up other about out many then " +
  "them these so some her would make like him into time has look two more write go see number way could people than " +
  "first water been call who oil its now find long down day did get come made may part"
)
  .split(" ")
  .map((word) => `${word} `);

/** With an emoji (two UTF-16 units) now and then. */
export const CHINESE: readonly string[] =
  "的 一 是 不 了 在 人 有 我 他 这 中 大 来 上 国 个 到 说 们 为 子 和 你 地 出 道 也 时 年 得 就 那 要 下 😀 🚀".split(
    " ",
  );

/** Makes text of words drawn at random. */
export class Writer {
  readonly #random: Random;
  readonly #words: readonly string[];

  constructor(random: Random, words: readonly string[]) {
    this.#random = random;
    this.#words = words;
  }

  /** From `least` to `most` characters, each length equally likely; up to a word more. */
  prose(least: number, most: number): string {
    const length = least + this.#random.float() * (most - least);
    let text = "";
    while (text.length < length) text += this.#words[this.#random.below(this.#words.length)];
    return text;
  }
}
