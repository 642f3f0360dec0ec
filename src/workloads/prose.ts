import type { Random } from "../random/index.js";

/**
 * Sentences of common words, exactly so many tokens of tokenizer.ts (about 4.6 characters each), in one-byte characters. They begin
 * with a space, so texts joined have the sum of their tokens.
 *
 * @param id its 32 bits are spelled by the first four words: texts with different ids differ within their first four tokens,
 * whatever the generator draws.
 */
export function prose(random: Random, tokens: number, id?: number): string {
  let text = "";
  let left = tokens;
  let sentence = 0;
  if (id !== undefined && left > 0) {
    // An odd factor keeps different ids different, in the first byte too, and neighbours do not look alike.
    const digits = Math.imul(id + 1, 0x9e3779b1);
    text = CAPITAL[digits & 255]!;
    left--;
    for (let shift = 8; shift < 32 && left > 0; shift += 8, left--) text += PLAIN[(digits >>> shift) & 255]!;
    sentence = 4;
  }
  while (left > 0) {
    const bits = random.uint32();
    if (sentence === 0) {
      text += CAPITAL[bits & 255]!;
      sentence = 5 + ((bits >>> 8) & 15);
      left--;
    } else if (sentence === 1 || left === 1) {
      text += LAST[bits & 127]!;
      sentence = 0;
      left--;
    } else if (bits >>> 29 === 0) {
      text += TWO_TOKENS[bits & 63]!;
      sentence--;
      left -= 2;
    } else {
      text += PLAIN[bits & 255]!;
      sentence--;
      left--;
    }
  }
  return text;
}

/** Common English words of up to five letters: with the space before it each is one token of tokenizer.ts. 256, so that a byte picks one. */
const SHORT =
  "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when " +
  "your can said there use an each which she do how their if will up other about out many then them these so some her would make like him " +
  "into time has look two more write go see way could than first water been call who oil its now find long down day did get come made may part " +
  "over new sound take only work know place year live me back give most very after thing our just name good man think say great where help much " +
  "line right too mean old any same tell boy came want show also form three small set put end does well large must big even such turn here why " +
  "ask went men read need land home us move try kind hand again point near world self earth food four every far sea last let keep eye never door " +
  "city tree cross farm hard start might story saw left late run while press close night real life few north open seem next white begin got walk " +
  "paper group music both mark often until mile river car feet care book carry took rain eat room began idea fish once base hear horse cut sure " +
  "watch color face wood main plain girl usual young ready above ever red list feel talk bird soon body dog song leave state";

/** Of six to ten letters: two tokens. */
const LONG =
  "people number little another sentence before follow through around picture because different should answer school letter animal mother " +
  "father country between second really almost always children together without enough example something question company problem service " +
  "support several however message request network research computer language important possible available following interest pattern system " +
  "product customer remember practice material minute strong special morning measure certain village weather";

const words = SHORT.split(" ");
const PLAIN = words.map((word) => ` ${word}`);
const CAPITAL = words.map((word) => ` ${word[0]!.toUpperCase()}${word.slice(1)}`);
/** With what ends a sentence they are one token still. */
const LAST = words
  .filter((word) => word.length <= 4)
  .slice(0, 128)
  .map((word, i) => ` ${word}${".....?!."[i & 7]!}`);
const TWO_TOKENS = LONG.split(" ").map((word) => ` ${word}`);
