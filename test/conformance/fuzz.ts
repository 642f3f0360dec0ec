import fc from "fast-check";
import { calls, type Sequence } from "./calls.js";

/** A kind of calls to compare trees by, and how many sequences of them a test run draws. */
export interface FuzzGroup {
  name: string;
  calls: fc.Arbitrary<Sequence>;
  runs: number;
}

/** The bytes of the window that texts cross into the core through. */
const WINDOW = 16384;

const ascii = madeOf("a", "b", "c");
const emoji = madeOf("😀", "😁", "😂", "\u{1f900}", "\u{1fa00}", "\u{10ffff}", "a");
const loneSurrogates = madeOf("\ud83d", "\ud83e", "\ude00", "\ude01", "a", "é", "語", "😀");
const mixedWidths = madeOf("a", "b", "é", "ÿ", "Ā", "語", "\0", "\uffff", "\ufeff", "e\u0301", "𝒳", "plain ".repeat(9));

/** Segments of every length around the sizes of the core's blocks, split everywhere. */
const segments = fc
  .tuple(fc.constantFrom("x", "é", "語", "😀"), fc.nat(150), fc.constantFrom("", "x", "y", "語", "\ude00"))
  .map(([unit, length, tail]) => unit.repeat(length) + tail);

const aroundWindow = fc
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

const PAGE = 65536;

const NAMESPACES = [undefined, undefined, "", "m", "\ud800", "__proto__"];

/** Ids that as characters would be surrogates, or lie around the sizes of units, and the largest. */
const tokens = fc.array(
  fc.oneof(
    fc.constantFrom(0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000),
    fc.constantFrom(0, 1, 255, 256, 0xffff, 0x10000, 0xf7ff, 0xf800, 1_000_000),
  ),
  { maxLength: 12 },
);

const long = fc
  .tuple(
    fc.constantFrom("a", "ab", "système ", "日本", "😀"),
    fc.nat({ max: 4000 }),
    fc.array(fc.constantFrom("x", "y", "é", "語", "😁", "\ud83d"), { maxLength: 4 }),
    fc.constantFrom(0, 0, 0, 1, 700, 20_000),
  )
  .map(([unit, length, turns, tail]) => unit.repeat(length) + turns.join(unit) + "z".repeat(tail));

export const FUZZ_GROUPS: readonly FuzzGroup[] = [
  { name: "a small alphabet", calls: calls({ text: ascii }), runs: 450 },
  { name: "equal times", calls: calls({ text: ascii, pace: "equal" }), runs: 150 },
  { name: "few distinct times", calls: calls({ text: ascii, pace: "few" }), runs: 225 },
  { name: "decreasing times", calls: calls({ text: ascii, pace: "decreasing" }), runs: 150 },
  { name: "CJK", calls: calls({ text: madeOf("日", "本", "語") }), runs: 150 },
  { name: "emoji that share surrogates", calls: calls({ text: emoji }), runs: 300 },
  { name: "lone surrogates", calls: calls({ text: loneSurrogates }), runs: 375 },
  { name: "mixed widths", calls: calls({ text: mixedWidths }), runs: 225 },
  { name: "segments of all lengths", calls: calls({ text: segments }), runs: 225 },
  {
    name: "tenants that come and go",
    calls: calls({ text: ascii, weights: { remove: 6, addTenants: 12 } }),
    runs: 225,
  },
  {
    name: "many tenants",
    calls: calls({
      text: ascii,
      tenants: fc.integer({ min: 1, max: 300 }),
      weights: { remove: 3, addTenants: 6 },
      most: 300,
    }),
    runs: 60,
  },
  { name: "texts around the crossing window", calls: calls({ text: aroundWindow, most: 30 }), runs: 180 },
  { name: "namespaces", calls: calls({ text: ascii, namespaces: NAMESPACES }), runs: 225 },
  { name: "tokens", calls: calls({ text: ascii, tokens, namespaces: [undefined, "m"] }), runs: 225 },
  {
    name: "snapshots in the middle",
    calls: calls({ text: mixedWidths, namespaces: NAMESPACES, weights: { restart: 2 } }),
    runs: 100,
  },
  {
    name: "maxChars",
    calls: calls({ text: ascii, bounds: fc.record({ maxChars: fc.nat(60) }), namespaces: [undefined, undefined, "m"] }),
    runs: 300,
  },
  { name: "maxChars and emoji", calls: calls({ text: emoji, bounds: fc.record({ maxChars: fc.nat(40) }) }), runs: 150 },
  {
    name: "maxBytes of 64 to 256 KiB",
    calls: calls({
      text: long,
      bounds: fc.record({ maxBytes: fc.integer({ min: 1, max: 4 }).map((pages) => pages * PAGE) }),
      namespaces: [undefined, undefined, "m"],
      weights: { restart: 1, insert: 20 },
    }),
    runs: 60,
  },
];

/** Texts of up to twelve of these pieces. */
function madeOf(...pieces: string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(""));
}
