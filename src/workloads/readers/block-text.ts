import { prose } from "../prose.js";
import { streamOf } from "../seeds.js";
import { firstTokens } from "../tokenizer.js";

const BLOCKS = 1;

/**
 * A text of exactly `tokens` tokens in which equal ids are equal text and different ids (of their lowest 32 bits) differ within their first
 * four tokens, so that texts share exactly the blocks that their ids say.
 * @param rest tells apart what follows the last id.
 */
export function blockText(
  ids: readonly number[],
  tokens: number,
  blockTokens: number,
  seed: number,
  rest: number,
): string {
  let text = "";
  for (const [i, id] of ids.entries()) {
    const block = prose(streamOf(seed, BLOCKS, id), blockTokens, id);
    const left = tokens - i * blockTokens;
    text += left < blockTokens ? firstTokens(block, left) : block;
  }
  const left = tokens - ids.length * blockTokens;
  if (left > 0) text += prose(streamOf(seed, BLOCKS + 1, rest), left, rest);
  return text.slice(1);
}
