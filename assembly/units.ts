/** UTF-16 code units in memory, one or two bytes each (`wide` 0 or 1), compared, copied and counted 16 bytes at a time. */

// @ts-ignore: decorator
@inline
export function isHighSurrogate(unit: u32): bool {
  return (unit & 0xfc00) == 0xd800;
}

// @ts-ignore: decorator
@inline
export function isLowSurrogate(unit: u32): bool {
  return (unit & 0xfc00) == 0xdc00;
}

/** The character that begins at `at`; a surrogate without its partner before `end` stands for itself. */
export function characterAt(at: usize, end: usize, wide: u32): u32 {
  if (!wide) return load<u8>(at);
  const unit: u32 = load<u16>(at);
  if (!isHighSurrogate(unit) || at + 2 >= end) return unit;
  const next: u32 = load<u16>(at, 2);
  return isLowSurrogate(next) ? 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff) : unit;
}

/** How many of `count` units are equal before the first that differ. */
export function equalUnits(a: usize, aWide: u32, b: usize, bWide: u32, count: usize): usize {
  if (aWide == bWide) return equalBytes(a, b, count << aWide) >> aWide;
  return aWide ? equalMixed(b, a, count) : equalMixed(a, b, count);
}

/** Four vectors a step, then one, the last partly past the end, which is safe (memory.ts keeps a guard). */
function equalBytes(a: usize, b: usize, count: usize): usize {
  let at: usize = 0;
  while (at + 64 <= count && !differ64(a + at, b + at)) at += 64;
  for (; at < count; at += 16) {
    const different = i8x16.bitmask(i8x16.ne(v128.load(a + at), v128.load(b + at)));
    if (different) return min<usize>(count, at + <usize>ctz(different));
  }
  return count;
}

/** Whether more than 8 bytes are the same: 64 a step, or 8, the last step overlapping the one before. */
// @ts-ignore: decorator
@inline
export function areEqual(a: usize, b: usize, count: usize): bool {
  let at: usize = 0;
  if (count >= 64) {
    const last = count - 64;
    while (!differ64(a + at, b + at)) {
      if (at == last) return true;
      at = min(at + 64, last);
    }
    return false;
  }
  const last = count - 8;
  while (load<u64>(a + at) == load<u64>(b + at)) {
    if (at == last) return true;
    at = min(at + 8, last);
  }
  return false;
}

// @ts-ignore: decorator
@inline
function differ64(a: usize, b: usize): bool {
  return v128.any_true(
    v128.or(
      v128.or(
        v128.xor(v128.load(a), v128.load(b)),
        v128.xor(v128.load(a, 16), v128.load(b, 16)),
      ),
      v128.or(
        v128.xor(v128.load(a, 32), v128.load(b, 32)),
        v128.xor(v128.load(a, 48), v128.load(b, 48)),
      ),
    ),
  );
}

/** `narrow` has a byte a unit, `wide` two. */
function equalMixed(narrow: usize, wide: usize, count: usize): usize {
  for (let at: usize = 0; at < count; at += 16) {
    const units = v128.load(narrow + at);
    const from = wide + (at << 1);
    const different = i8x16.bitmask(
      i8x16.narrow_i16x8_s(
        i16x8.ne(i16x8.extend_low_i8x16_u(units), v128.load(from)),
        i16x8.ne(i16x8.extend_high_i8x16_u(units), v128.load(from, 16)),
      ),
    );
    if (different) return min<usize>(count, at + <usize>ctz(different));
  }
  return count;
}

/** Whether one of `count` two-byte units is above 0xFF. */
export function aboveLatin1(from: usize, count: usize): bool {
  const end = from + (count << 1);
  const high = i16x8.splat(<i16>0xff00);
  let at = from;
  for (; at + 16 <= end; at += 16) {
    if (v128.any_true(v128.and(v128.load(at), high))) return true;
  }
  for (; at < end; at += 2) {
    if (load<u16>(at) > 0xff) return true;
  }
  return false;
}

/** Copies units from one width to another; units that go from two bytes to one must be up to 0xFF. */
export function copyUnits(to: usize, toWide: u32, from: usize, fromWide: u32, count: usize): void {
  if (toWide == fromWide) {
    memory.copy(to, from, count << toWide);
    return;
  }
  let at: usize = 0;
  if (toWide) {
    // Rare: a text that crosses with one byte a unit only here and there.
    for (; at < count; at++) store<u16>(to + (at << 1), load<u8>(from + at));
    return;
  }
  for (const vectors = count & ~15; at < vectors; at += 16) {
    const units = from + (at << 1);
    v128.store(to + at, i8x16.narrow_i16x8_u(v128.load(units), v128.load(units, 16)));
  }
  for (; at < count; at++) store<u8>(to + at, load<u16>(from + (at << 1)));
}

/** How many surrogate pairs lie within `count` two-byte units. */
export function pairsIn(from: usize, count: usize): usize {
  const end = from + (count << 1);
  const mask = i16x8.splat(<i16>0xfc00);
  const high = i16x8.splat(<i16>0xd800);
  const low = i16x8.splat(<i16>0xdc00);
  let pairs: usize = 0;
  let at = from;
  for (; at + 18 <= end; at += 16) {
    const firsts = i16x8.eq(v128.and(v128.load(at), mask), high);
    const seconds = i16x8.eq(v128.and(v128.load(at, 2), mask), low);
    pairs += <usize>popcnt(i16x8.bitmask(v128.and(firsts, seconds)));
  }
  for (; at + 4 <= end; at += 2) {
    if (isHighSurrogate(load<u16>(at)) && isLowSurrogate(load<u16>(at, 2))) pairs++;
  }
  return pairs;
}
