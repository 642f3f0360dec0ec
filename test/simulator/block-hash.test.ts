import { describe, expect, test } from "vitest";
import { blockHash, rootHash } from "../../src/simulator/engine/block-hash.js";
import fc from "../properties.js";
import { tokens } from "./support.js";

const ROOT = rootHash("");
const list = fc.array(fc.nat({ max: 151_642 }), { minLength: 16, maxLength: 16 });

describe("the hash of a block", () => {
  test("is of the sixteen tokens that begin at its place, and of none beside them", () => {
    const all = tokens(48);
    expect(blockHash(ROOT, all, 16)).toBe(blockHash(ROOT, all.slice(16, 32), 0));
  });

  test("is a whole number that JavaScript holds exactly, never below 0", () => {
    fc.assert(
      fc.property(list, fc.maxSafeNat(), (block, parent) => {
        const hash = blockHash(parent, block, 0);
        expect(Number.isSafeInteger(hash)).toBe(true);
        expect(hash).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("differs when any one token differs, and when two change places", () => {
    fc.assert(
      fc.property(list, fc.nat({ max: 14 }), fc.integer({ min: 1, max: 1000 }), (block, at, by) => {
        const changed = block.with(at, block[at]! + by);
        const swapped = block.with(at, block[at + 1]!).with(at + 1, block[at]!);
        expect(blockHash(ROOT, changed, 0)).not.toBe(blockHash(ROOT, block, 0));
        expect(blockHash(ROOT, swapped, 0) === blockHash(ROOT, block, 0)).toBe(block[at] === block[at + 1]);
      }),
    );
  });

  test("differs with all that stands before the block", () => {
    const chain = (first: number) => blockHash(blockHash(ROOT, tokens(32, first), 0), tokens(32, first), 16);
    expect(new Set(Array.from({ length: 1000 }, (_, first) => chain(first))).size).toBe(1000);
  });

  test("does not meet another among 100,000, whether tokens or salts differ by little", () => {
    const byTokens = Array.from({ length: 50_000 }, (_, i) => blockHash(ROOT, tokens(16, i), 0));
    const bySalt = Array.from({ length: 50_000 }, (_, i) => blockHash(rootHash(`tenant-${i + 1}`), tokens(16), 0));
    expect(new Set([...byTokens, ...bySalt]).size).toBe(100_000);
  });
});
