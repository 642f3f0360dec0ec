/**
 * A 64-bit sum over bytes that come in pieces: each 8 bytes (the last of a piece padded by zeros) are mixed in by the rounds of
 * XXH64 (Yann Collet's xxHash), so that any change of a byte, and any exchange of two words, changes it. Not cryptographic.
 */
const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;

let sum: u64 = 0;

export function beginSum(): void {
  sum = PRIME_3;
}

export function addToSum(from: usize, bytes: usize): void {
  const whole = bytes & ~7;
  let at: usize = 0;
  for (; at < whole; at += 8) mix(load<u64>(from + at));
  if (at < bytes) mix(load<u64>(from + at) & ((<u64>1 << (<u64>(bytes - at) << 3)) - 1));
  mix(bytes);
}

export function endSum(): u64 {
  let result = sum;
  result = (result ^ (result >> 33)) * PRIME_2;
  result = (result ^ (result >> 29)) * PRIME_3;
  return result ^ (result >> 32);
}

// @ts-ignore: decorator
@inline
function mix(word: u64): void {
  sum = rotl<u64>(sum ^ (rotl<u64>(word * PRIME_2, 31) * PRIME_1), 27) * PRIME_1 + PRIME_3;
}
