import fc from "../properties.js";

/** The bytes of the window that texts cross into the core through. */
const WINDOW = 16384;

export const ascii: fc.Arbitrary<string> = madeOf("a", "b", "c");
export const cjk: fc.Arbitrary<string> = madeOf("日", "本", "語");
export const emoji: fc.Arbitrary<string> = madeOf("😀", "😁", "😂", "\u{1f900}", "\u{1fa00}", "\u{10ffff}", "a");
export const loneSurrogates: fc.Arbitrary<string> = madeOf(
  "\ud83d",
  "\ud83e",
  "\ude00",
  "\ude01",
  "a",
  "é",
  "語",
  "😀",
);
export const mixedWidths: fc.Arbitrary<string> = madeOf(
  "a",
  "b",
  "é",
  "ÿ",
  "Ā",
  "語",
  "\0",
  "\uffff",
  "\ufeff",
  "e\u0301",
  "𝒳",
  "plain ".repeat(9),
);

/** Segments of every length around the sizes of the core's blocks, split everywhere. */
export const segments: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom("x", "é", "語", "😀"), fc.nat(150), fc.constantFrom("", "x", "y", "語", "\ude00"))
  .map(([unit, length, tail]) => unit.repeat(length) + tail);

export const aroundWindow: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.tuple(fc.constant("x"), fc.integer({ min: WINDOW - 4, max: WINDOW + 6 })),
      fc.tuple(fc.constantFrom("語", "é"), fc.integer({ min: WINDOW / 2 - 2, max: WINDOW / 2 + 2 })),
      fc.tuple(fc.constantFrom("x", "語"), fc.constantFrom(WINDOW - 1, WINDOW, WINDOW / 2 - 1, WINDOW / 2)),
    ),
    fc.array(fc.constantFrom("x", "語", "é", "😀", "😁", "\ud83d", "\ude00"), { maxLength: 3 }),
    fc.constantFrom("", "", "x".repeat(WINDOW), "語".repeat(WINDOW / 2), "😀".repeat(WINDOW / 4)),
    fc.constantFrom("", "", "x", "y", "\ud83d"),
  )
  .map(([[unit, length], edge, second, tail]) => unit.repeat(length) + edge.join("") + second + tail);

/** Texts of which a few hundred fill the smallest memory. */
export const tiny: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz日本😀"), { minLength: 2, maxLength: 9 })
  .map((parts) => parts.join(""));

/** Texts of which a few fill the smallest memory, or one is too long for it, with common beginnings and everything between one node and one window. */
export const long: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("a", "ab", "système ", "日本", "😀"),
    fc.nat({ max: 4000 }),
    fc.array(fc.constantFrom("x", "y", "é", "語", "😁", "\ud83d"), { maxLength: 4 }),
    fc.constantFrom(0, 0, 0, 0, 1, 1, 700, 700, 20_000, 20_000, 60_000),
  )
  .map(([unit, length, turns, tail]) => unit.repeat(length) + turns.join(unit) + "z".repeat(tail));

/** Texts of which some dozens fill 4 MiB. */
export const huge: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("a", "système ", "日本", "😀"),
    fc.constantFrom(0, 1, 100_000, 300_000),
    fc.nat({ max: 9 }),
    fc.nat({ max: 500_000 }),
  )
  .map(([unit, units, turn, tail]) => unit.repeat(units / unit.length) + turn + "z".repeat(tail));

/** Ids that would be surrogates if they were characters, ids at the edges of one and two units, the first and the last. */
export const tokens: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(
    fc.constantFrom(0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000),
    fc.constantFrom(0, 1, 0xff, 0x100, 0xf7ff, 0xf800, 0xffff, 0x10000, 1_000_000),
  ),
  { maxLength: 12 },
);

/** Texts of up to twelve of these pieces. */
function madeOf(...pieces: string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(""));
}
