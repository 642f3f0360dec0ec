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
  let b = a ^ 1;
  let c = a ^ 2;
  let d = a ^ 3;
  for (let at = from; at < from + bytes; at += 32) {
    a = mixed(a, load<u64>(at));
    b = mixed(b, load<u64>(at, 8));
    c = mixed(c, load<u64>(at, 16));
    d = mixed(d, load<u64>(at, 24));
  }
  take(a);
  take(b);
  take(c);
  take(d);
  take(bytes);
}

export function endSum(): u64 {
  const result = (sum ^ (sum >> 33)) * PRIME_2;
  return result ^ (result >> 32);
}

function take(word: u64): void {
  sum = mixed(sum, word);
}

// @ts-ignore: decorator
@inline
function mixed(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * PRIME_2, 31) * PRIME_1;
}
