import type { Random } from "../../../src/random/index.js";

/** One byte a unit, two, and pairs of surrogates; pieces that share beginnings, and surrogates without their partners. */
const PIECES = [
  "the ",
  "sky ",
  "is ",
  "blue",
  "é",
  "ñandú ",
  "日本",
  "日本語",
  "한국 ",
  "😀",
  "😁",
  "\ud83d",
  "\ude00",
  "\n",
];

/** A text of so many pieces. */
export function randomText(random: Random, pieces: number): string {
  let text = "";
  for (let i = 0; i < pieces; i++) text += PIECES[random.below(PIECES.length)];
  return text;
}
