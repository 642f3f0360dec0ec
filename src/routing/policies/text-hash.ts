/**
 * A 32-bit hash of a short text, the same on every engine: MurmurHash3's rounds over its UTF-16 units, begun with `seed`.
 * O(units), about 1 ns each.
 */
export function textHash(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i));
  return finish(hash ^ text.length);
}

/** As `textHash`, of the first `count` token ids. */
export function tokensHash(tokens: readonly number[], count: number, seed: number): number {
  const length = Math.min(count, tokens.length);
  let hash = seed;
  for (let i = 0; i < length; i++) hash = mix(hash, tokens[i]!);
  return finish(hash ^ length);
}

/** Takes 32 bits into a hash. */
export function mix(hash: number, bits: number): number {
  const scrambled = rotate(Math.imul(bits, 0xcc9e2d51), 15);
  return (Math.imul(rotate(hash ^ Math.imul(scrambled, 0x1b873593), 13), 5) + 0xe6546b64) | 0;
}

/** The last mix: every bit of the state reaches every bit of the result. */
export function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

export function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
