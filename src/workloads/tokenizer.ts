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

export function tokenize(text: string): number[] {
  return Array.from(text.matchAll(TOKEN), ([token]) => tokenId(token));
}

/** The text of each token. */
export function tokenTexts(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** 32-bit FNV-1a over the token's UTF-16 units. */
export function tokenId(token: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < token.length; i++) hash = Math.imul(hash ^ token.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % VOCABULARY;
}

/** The text's beginning of that many tokens of `tokenize`; all of it when it has fewer. */
export function firstTokens(text: string, count: number): string {
  const pattern = new RegExp(TOKEN);
  for (let i = 0; i < count; i++) if (pattern.exec(text) === null) return text;
  return text.slice(0, pattern.lastIndex);
}
