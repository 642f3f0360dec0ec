/**
 * A 64-bit sum over bytes that come in pieces, each padded by zeros to a multiple of 32 bytes: XXH64's rounds (Yann Collet's xxHash)
 * in four lanes, to which the words of 8 bytes go in turn, so that any change of a byte, and any exchange of two words, changes it.
 * Not cryptographic.
 */
const PRIME_1: u64 = 0x9e3779b185ebca87;
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME_3: u64 = 0x165667b19e3779f9;

let sum: u64 = 0;

export function beginSum(): void {
  sum = PRIME_3;
}

/** The lanes are locals: a global would cost a load and a store a word, which is 3 times the sum itself. */
export function addToSum(from: usize, bytes: usize): void {
  let a = sum;
  let b = sum ^ PRIME_1;
  let c = sum ^ PRIME_2;
  let d = sum ^ PRIME_3;
  for (let at = from; at < from + bytes; at += 32) {
    a = mixed(a, load<u64>(at));
    b = mixed(b, load<u64>(at, 8));
    c = mixed(c, load<u64>(at, 16));
    d = mixed(d, load<u64>(at, 24));
  }
  sum = mixed(mixed(mixed(mixed(<u64>bytes, a), b), c), d);
}

export function endSum(): u64 {
  let result = sum;
  result = (result ^ (result >> 33)) * PRIME_2;
  result = (result ^ (result >> 29)) * PRIME_3;
  return result ^ (result >> 32);
}

// @ts-ignore: decorator
@inline
function mixed(lane: u64, word: u64): u64 {
  return rotl<u64>(lane ^ (rotl<u64>(word * PRIME_2, 31) * PRIME_1), 27) * PRIME_1 + PRIME_3;
}
