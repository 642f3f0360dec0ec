import { shown } from "./options.js";

/** The largest token id. */
export const MOST_TOKEN_ID = 1_000_000;

const SURROGATES = 0xd800;
const SURROGATE_COUNT = 0x800;
const CHUNK = 4096;

/**
 * Token ids as a text of one character each, so that all that holds for characters holds for tokens: ids from 0xD800 on are
 * moved past the surrogates, which would otherwise pair.
 */
export function textOfTokens(tokens: ArrayLike<number>): string {
  if (typeof tokens !== "object" || tokens === null || !Number.isInteger(tokens.length) || tokens.length < 0) {
    throw new TypeError(`tokens must be an array of token ids, not ${shown(tokens)}`);
  }
  let text = "";
  const units = new Uint16Array(Math.min(tokens.length, CHUNK) * 2);
  for (let from = 0; from < tokens.length; from += CHUNK) {
    const to = Math.min(from + CHUNK, tokens.length);
    let length = 0;
    for (let i = from; i < to; i++) {
      const id = tokens[i]!;
      checkToken(id, i);
      const character = id < SURROGATES ? id : id + SURROGATE_COUNT;
      if (character > 0xffff) {
        units[length++] = 0xd7c0 + (character >> 10);
        units[length++] = 0xdc00 + (character & 0x3ff);
      } else {
        units[length++] = character;
      }
    }
    text += String.fromCharCode.apply(null, units.subarray(0, length) as unknown as number[]);
  }
  return text;
}

export function tokensOfText(text: string): number[] {
  return Array.from(text, (character) => {
    const value = character.codePointAt(0)!;
    return value < SURROGATES ? value : value - SURROGATE_COUNT;
  });
}

function checkToken(id: unknown, index: number): void {
  if (typeof id !== "number") throw new TypeError(`token ${index} must be a token id, not ${shown(id)}`);
  if (!Number.isInteger(id) || id < 0 || id > MOST_TOKEN_ID) {
    throw new RangeError(`token ${index} must be a whole number from 0 to ${MOST_TOKEN_ID}, not ${id}`);
  }
}
