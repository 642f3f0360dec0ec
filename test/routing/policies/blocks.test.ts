import { describe, expect, test } from "vitest";
import { BlockHasher } from "../../../src/routing/policies/block-hash.js";
import { BlockIndex } from "../../../src/routing/policies/block-index.js";
import fc from "../../properties.js";

const HOLDERS = 3;
const CAPACITY = 5;

/** The same by arrays: for each holder its blocks, the one used last first. */
class NaiveIndex {
  readonly used: number[][] = Array.from({ length: HOLDERS }, () => []);

  add(holder: number, blocks: number[]): number[] {
    const added: number[] = [];
    for (const block of blocks.slice(0, CAPACITY).reverse()) {
      const list = this.used[holder]!;
      if (!list.includes(block)) added.push(block);
      this.used[holder] = [block, ...list.filter((other) => other !== block)].slice(0, CAPACITY);
    }
    return added;
  }

  remove(holder: number, block: number): void {
    this.used[holder] = this.used[holder]!.filter((other) => other !== block);
  }

  clear(holder: number): void {
    this.used[holder] = [];
  }

  run(holder: number, blocks: number[]): number {
    const end = blocks.findIndex((block) => !this.used[holder]!.includes(block));
    return end === -1 ? blocks.length : end;
  }
}

const holder = fc.nat({ max: HOLDERS - 1 });
const block = fc.nat({ max: 12 });
const blockList = fc.uniqueArray(block, { maxLength: 8 });
const add = {
  kind: fc.constant("add" as const),
  holder,
  blocks: blockList,
  areMatched: fc.boolean(),
  /** Taken from a holder between the match and the adding. */
  removed: fc.option(fc.record({ holder, block })),
};
const call = fc.oneof(
  { weight: 6, arbitrary: fc.record(add) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), holder, block }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), holder }) },
);

test("BlockIndex does what lists would do", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), fc.array(blockList, { maxLength: 4 }), (calls, asked) => {
      const index = new BlockIndex(CAPACITY);
      const naive = new NaiveIndex();
      for (let i = 0; i < HOLDERS; i++) index.addHolder(i);
      for (const each of calls) {
        if (each.kind === "add") {
          const blocks = Float64Array.from(each.blocks);
          if (each.areMatched) index.match(blocks, blocks.length, new Uint32Array(HOLDERS));
          if (each.removed !== null) {
            index.remove(each.removed.holder, each.removed.block);
            naive.remove(each.removed.holder, each.removed.block);
          }
          const added = index.add(each.holder, blocks, blocks.length, each.areMatched);
          expect(added).toEqual(naive.add(each.holder, each.blocks));
        } else if (each.kind === "remove") {
          index.remove(each.holder, each.block);
          naive.remove(each.holder, each.block);
        } else {
          index.removeHolder(each.holder);
          naive.clear(each.holder);
        }
        expect(index.size).toBe(naive.used.flat().length);
      }
      for (const blocks of [...asked, ...naive.used]) {
        const runs = new Uint32Array(HOLDERS);
        index.match(Float64Array.from(blocks), blocks.length, runs);
        expect([...runs]).toEqual([0, 1, 2].map((i) => naive.run(i, blocks)));
      }
    }),
    { numRuns: 500 },
  );
});

test("BlockIndex reuses what it has let go", () => {
  const index = new BlockIndex(1000);
  index.addHolder(0);
  for (let round = 0; round < 50; round++) {
    index.add(
      0,
      Float64Array.from({ length: 1000 }, (_, i) => round * 1000 + i),
      1000,
      false,
    );
  }
  expect(index.size).toBe(1000);
});

describe("BlockHasher", () => {
  const hashes = (text: string, units = 16, seed = 1, namespace = ""): number[] => {
    const hasher = new BlockHasher(seed);
    return take(hasher, hasher.ofText(text, namespace, units, 100));
  };
  const take = (hasher: BlockHasher, count: number): number[] => [...hasher.hashes.subarray(0, count)];
  const text = "a text of some length, with words in it, and more of them than one block has room for";

  test("equal prefixes have equal hashes, and each hash hangs on all before it", () => {
    const long = hashes(text);
    expect(long).toHaveLength(Math.floor(text.length / 16));
    for (const hash of long) expect(Number.isSafeInteger(hash) && hash >= 0).toBe(true);
    expect(new Set(long).size).toBe(long.length);
    expect(hashes(text.slice(0, 40))).toEqual(long.slice(0, 2));
    const changed = hashes(`b${text.slice(1)}`);
    expect(changed.filter((hash) => long.includes(hash))).toEqual([]);
    expect(hashes("x".repeat(64)).length).toBe(new Set(hashes("x".repeat(64))).size);
  });

  test("a block hashes alike whatever comes after it: ASCII or not", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        fc.constantFrom(4, 8, 20),
        (head, tail, units) => {
          const common = Math.floor(head.length / units);
          expect(hashes(head + tail, units).slice(0, common)).toEqual(hashes(head, units));
        },
      ),
    );
    for (const tail of ["plain", "é", "中", "😀"])
      expect(hashes(text + tail).slice(0, 5)).toEqual(hashes(text).slice(0, 5));
  });

  test("seed, namespace, width and alphabet tell hashes apart", () => {
    const plain = hashes(text);
    const hasher = new BlockHasher(1);
    const tokens = take(
      hasher,
      hasher.ofTokens(
        [...text].map((character) => character.charCodeAt(0)),
        "",
        4,
        100,
      ),
    );
    // The same 16 bytes, as bytes and as UTF-16.
    const wide = hashes("\u6162\u6364\u6566\u6768", 4);
    const narrow = hashes("badcfehg", 8);
    for (const other of [hashes(text, 16, 2), hashes(text, 16, 1, "m"), tokens, wide, narrow]) {
      expect(other.filter((hash) => plain.includes(hash))).toEqual([]);
    }
    expect(wide[0]).not.toBe(narrow[0]);
  });

  test("gives the same hashes on every engine", () => {
    expect(hashes(text, 32)).toMatchInlineSnapshot(`
      [
        5617854513902499,
        2008214364222547,
      ]
    `);
    expect(hashes("中文也是一样的，四个字一块", 4)).toMatchInlineSnapshot(`
      [
        4084498845971483,
        6579187960223553,
        4318506054762889,
      ]
    `);
  });

  test("200,000 blocks that differ in one character do not collide", () => {
    const hasher = new BlockHasher(7);
    const seen = new Set<number>();
    for (let i = 0; i < 200_000; i++) {
      hasher.ofText(`${String(i).padStart(60, "-")}0000`, "", 64, 1);
      seen.add(hasher.hashes[0]!);
    }
    expect(seen.size).toBe(200_000);
  });

  test("grows with the text, and stops at the most that is asked for", () => {
    const hasher = new BlockHasher(1);
    const long = "0123456789abcdef".repeat(10_000);
    expect(hasher.ofText(long, "", 16, 1e6)).toBe(10_000);
    expect(hasher.ofText(`${long}中`, "", 16, 2000)).toBe(2000);
  });
});
