import { expect, test } from "vitest";
import { HashSet } from "../../src/simulator/cluster/hash-set.js";
import { BlockTable } from "../../src/simulator/engine/block-table.js";
import fc from "../properties.js";

/** Few different low bits, so that runs are long, wrap around and are closed up. */
const hash = fc.oneof(
  fc.nat({ max: 40 }),
  fc.nat({ max: 40 }).map((high) => high * 2 ** 32 + 7),
  fc.maxSafeNat(),
);

test("finds what a Map finds, whatever is added and deleted", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.array(fc.record({ block: fc.nat({ max: 23 }), hash }), { maxLength: 200, size: "max" }),
      (size, calls) => {
        const hashes = new Float64Array(size).fill(-1);
        const table = new BlockTable(hashes);
        const naive = new Map<number, number>();
        for (const call of calls) {
          const block = call.block % size;
          if (naive.get(hashes[block]!) === block) {
            table.delete(block);
            naive.delete(hashes[block]!);
          }
          hashes[block] = call.hash;
          const added = !naive.has(call.hash);
          expect(table.add(block)).toBe(added);
          if (added) naive.set(call.hash, block);
          else hashes[block] = -1;
          for (const each of [...naive.keys(), call.hash + 1]) expect(table.get(each)).toBe(naive.get(each) ?? -1);
        }
      },
    ),
  );
});

test("a set of hashes has what was added, 0 and the largest too", () => {
  const some = fc.array(fc.oneof(hash, fc.constantFrom(0, Number.MAX_SAFE_INTEGER)), { maxLength: 3000, size: "max" });
  fc.assert(
    fc.property(some, some, (added, others) => {
      const set = new HashSet();
      const naive = new Set(added);
      for (const each of added) set.add(each);
      expect(set.size).toBe(naive.size);
      expect(added.filter((each) => !set.has(each))).toEqual([]);
      expect(others.filter((each) => set.has(each))).toEqual(others.filter((each) => naive.has(each)));
    }),
    { numRuns: 50 },
  );
});
