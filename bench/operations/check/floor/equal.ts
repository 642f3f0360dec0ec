// @ts-nocheck AssemblyScript: asc is its compiler.

/** Whether the bytes at two addresses are the same: 64 a step, then 16, then one by one. */
export function equal(left: usize, right: usize, bytes: usize): bool {
  const end = left + bytes;
  for (; left + 64 <= end; left += 64, right += 64) {
    const difference = v128.or(
      v128.or(v128.xor(v128.load(left), v128.load(right)), v128.xor(v128.load(left, 16), v128.load(right, 16))),
      v128.or(v128.xor(v128.load(left, 32), v128.load(right, 32)), v128.xor(v128.load(left, 48), v128.load(right, 48))),
    );
    if (v128.any_true(difference)) return false;
  }
  for (; left + 16 <= end; left += 16, right += 16) {
    if (v128.any_true(v128.xor(v128.load(left), v128.load(right)))) return false;
  }
  for (; left < end; left++, right++) {
    if (load<u8>(left) !== load<u8>(right)) return false;
  }
  return true;
}
