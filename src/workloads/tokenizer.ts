/** The tokens of a text. Those of a prefix are a prefix of them, up to the last. */
export type Tokenizer = (text: string) => number[];

/**
 * A small deterministic tokenizer, about 4 characters of English a token: up to five printable characters with the space
 * before them, anything else a token of its own. What a token is depends on nothing after it, so the tokens of a prefix are a
 * prefix of the tokens, up to the last one.
 */
const TOKEN = / ?[!-~]{1,5}|[^!-~]/gu;

/** Qwen2.5's; ids are hashes below it, so two different tokens may, rarely, share one. */
const VOCABULARY = 151_643;

/** A loop over the units that finds what `TOKEN` does, without a string a token: half the time. */
export function tokenize(text: string): number[] {
  const tokens: number[] = [];
  const { length } = text;
  for (let at = 0; at < length; ) {
    let unit = text.charCodeAt(at++);
    let hash = Math.imul(FNV_BASIS ^ unit, FNV_PRIME);
    let left = unit === SPACE ? LONGEST : isPrintable(unit) ? LONGEST - 1 : 0;
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00) {
      hash = Math.imul(hash ^ text.charCodeAt(at++), FNV_PRIME);
    }
    for (; left > 0; left--, at++) {
      unit = text.charCodeAt(at); // NaN at the end
      if (!isPrintable(unit)) break;
      hash = Math.imul(hash ^ unit, FNV_PRIME);
    }
    tokens.push((hash >>> 0) % VOCABULARY);
  }
  return tokens;
}

/** The text of each token. */
export function tokenTexts(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** 32-bit FNV-1a over the token's UTF-16 units. */
export function tokenId(token: string): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < token.length; i++) hash = Math.imul(hash ^ token.charCodeAt(i), FNV_PRIME);
  return (hash >>> 0) % VOCABULARY;
}

const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const SPACE = 0x20;
/** Printable characters of a token, as in `TOKEN`. */
const LONGEST = 5;

function isPrintable(unit: number): boolean {
  return unit > SPACE && unit < 0x7f;
}

/** The text's beginning of that many tokens of `tokenize`; all of it when it has fewer. */
export function firstTokens(text: string, count: number): string {
  const pattern = new RegExp(TOKEN);
  for (let i = 0; i < count; i++) if (pattern.exec(text) === null) return text;
  return text.slice(0, pattern.lastIndex);
}
