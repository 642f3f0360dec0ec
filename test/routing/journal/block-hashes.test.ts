import { describe, expect, test } from "vitest";
import { characterCount } from "../../../src/index.js";
import { BlockHashes, lettersOf, standInText, standInTokens } from "../../../src/routing/journal/block-hashes.js";
import { KeyedHash } from "../../../src/routing/journal/keyed-hash.js";
import fc from "../../properties.js";

/** By words of the message 00 01 02 …, of the authors' `vectors.h`: HalfSipHash-2-4, key 00 … 07, 64 bits. */
const VECTORS = [
  "218d1f59b9b83cc8",
  "d5e78a175be52ea1",
  "edfee820bce4858c",
  "7bc71f9faef5c799",
  "7336aad25f7bf3b5",
  "1bf52b0a6feea7db",
  "70741045ae3fa6f1",
  "2d925ffb1e0016b5",
  "28709d46d811626c",
  "86d67a40ec4276dc",
  "5b38c81c67c8ae4c",
];

test("the keyed hash gives the published vectors, at every length along the way", () => {
  const hash = new KeyedHash(0x03020100, 0x07060504, 2, 4);
  VECTORS.forEach((vector, words) => {
    hash.read();
    const bytes = new Uint8Array(new Uint32Array([hash.low, hash.high]).buffer);
    expect(Buffer.from(bytes).toString("hex")).toBe(vector);
    const [a, b, c, d] = [0, 1, 2, 3].map((byte) => words * 4 + byte) as [number, number, number, number];
    hash.word(a | (b << 8) | (c << 16) | (d << 24));
  });
});

test("ASCII is taken in as the words that it is", () => {
  const [all, single] = [new KeyedHash(1, 2), new KeyedHash(1, 2)];
  expect(all.ascii("xabcdefghé", 1, 9)).toBe(2);
  for (const word of [0x64636261, 0x68676665]) single.word(word);
  for (const hash of [all, single]) hash.read();
  expect([all.high, all.low]).toEqual([single.high, single.low]);
});

test("a block hashes alike whatever comes after it: ASCII or not", () => {
  const hashes = new BlockHashes("salt", 16);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 80 }), (text) => {
      const whole = text.slice(0, text.length - (text.length % 16));
      expect(hashes.ofText(`${whole}漢字`).slice(0, whole.length / 2)).toBe(hashes.ofText(whole));
    }),
  );
});

/** Characters in common at the beginning. */
function common(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return at;
}

describe("stand-in texts", () => {
  const hashes = new BlockHashes("salt", 16);
  const standIn = (text: string): string => standInText(hashes.ofText(text), characterCount(text), 16);

  test("have as many characters, and as many blocks in common, as the texts", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b", "é", "漢", "🙂", "\ud800", "c", "d"), maxLength: 90 });
    fc.assert(
      fc.property(piece, piece, piece, (head, left, right) => {
        const [a, b] = [head + left, head + right];
        const [c, d] = [standIn(a), standIn(b)];
        expect(characterCount(c)).toBe(characterCount(a));
        expect(lettersOf(characterCount(a), 16)).toBe(hashes.ofText(a).length);
        if (a === b) expect(c).toBe(d);
        // The hash of a block that differs may begin with the same letters, but does not go on so.
        else expect(Math.floor(common(c, d) / 16)).toBe(Math.floor(common(a, b) / 16));
      }),
      { numRuns: 2000 },
    );
  });

  test("of token ids: a quarter as long a block", () => {
    const tokens = Array.from({ length: 21 }, (_, i) => i * 1000);
    const other = tokens.with(13, 5);
    const [a, b] = [tokens, other].map((ids) => standInTokens(hashes.ofTokens(ids), ids.length, 16)) as [
      number[],
      number[],
    ];
    expect(a).toHaveLength(21);
    expect(a.every((id) => Number.isInteger(id) && id >= 0 && id < 1_000_000)).toBe(true);
    expect(a.slice(0, 12)).toEqual(b.slice(0, 12));
    expect(a[12]).not.toBe(b[12]);
    // What comes after a difference has nothing in common.
    expect(a.slice(16).some((id, i) => id === b[16 + i])).toBe(false);
  });

  test("another salt, or another kind of thing: other hashes", () => {
    const text = "the same sixteen characters";
    expect(new BlockHashes("pepper", 16).ofText(text)).not.toBe(hashes.ofText(text));
    expect(hashes.ofName("short")).not.toBe(hashes.ofText("short"));
    expect(hashes.ofTokens([1, 2, 3, 4])).not.toBe(hashes.ofText("\u0001\u0002\u0003\u0004"));
    expect(hashes.ofName("")).toBe("");
  });
});
