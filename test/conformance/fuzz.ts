import fc from "../properties.js";
import type { Bounds } from "./adapter.js";
import { type CallsOptions, calls, type Sequence } from "./calls.js";
import type { Tally } from "./comparison.js";
import * as texts from "./texts.js";

/** A kind of calls to compare trees by, and how many sequences of them a test run draws. */
export interface FuzzGroup {
  name: string;
  calls: fc.Arbitrary<Sequence>;
  runs: number;
  /** What happens in these calls, once in ten sequences or more often: or they would not show much. */
  exercises?: readonly (keyof Tally)[];
}

const PAGE = 65536;
const { ascii } = texts;

/** The tree's own, and such names as could be taken for another or for something else. */
const namespaces = [undefined, undefined, "", "m", "m:", "\ud800", "__proto__"];

/** Calls that fill a tree, and leave it full. */
const filling = { insert: 30, evict: 0, sweep: 0, remove: 0, addTenants: 0 };

export const FUZZ_GROUPS: readonly FuzzGroup[] = [
  group("a small alphabet", 450, { text: ascii }),
  group("equal times", 150, { text: ascii, pace: "equal" }),
  group("few distinct times", 225, { text: ascii, pace: "few" }),
  group("decreasing times", 150, { text: ascii, pace: "decreasing" }),
  group("CJK", 150, { text: texts.cjk }),
  group("emoji that share surrogates", 300, { text: texts.emoji }),
  group("lone surrogates", 375, { text: texts.loneSurrogates }),
  group("mixed widths", 225, { text: texts.mixedWidths }),
  group("segments of all lengths", 225, { text: texts.segments }),
  group("tenants that come and go", 225, { text: ascii, weights: { remove: 6, addTenants: 12 } }),
  group("many tenants", 60, {
    text: ascii,
    tenants: fc.integer({ min: 1, max: 300 }),
    weights: { remove: 3, addTenants: 6 },
    most: 300,
  }),
  group("texts around the crossing window", 150, { text: texts.aroundWindow, most: 30 }),
  group("namespaces", 225, { text: ascii, namespaces }),
  group("tokens", 225, { text: ascii, tokens: texts.tokens, namespaces }),
  group("snapshots in the middle", 120, { text: texts.mixedWidths, namespaces, weights: { restart: 2 } }),
  group("compaction", 200, {
    text: ascii,
    tenants: fc.integer({ min: 1, max: 3 }),
    pace: "few",
    namespaces: [undefined, undefined, "m"],
    weights: { compact: 6, restart: 1, revoke: 3 },
  }),
  group("merging", 200, {
    text: ascii,
    tokens: texts.tokens,
    namespaces,
    weights: { merge: 2, compact: 1, restart: 1, revoke: 3 },
    most: 60,
  }),
  group("ttlSecs", 200, {
    text: ascii,
    exercises: ["expiry"],
    bounds: fc.record({ ttlSecs: fc.integer({ min: 1, max: 20 }) }),
    namespaces,
    weights: { expire: 1, compact: 1, restart: 1, merge: 1 },
  }),
  group("maxChars", 250, {
    text: ascii,
    exercises: ["pressure", "shortened"],
    bounds: fc.record({ maxChars: fc.nat(60) }),
    namespaces,
  }),
  group("maxChars and everything else", 200, {
    text: texts.emoji,
    tokens: texts.tokens,
    exercises: ["pressure", "expiry", "shortened"],
    bounds: fc.record({ maxChars: fc.nat(40), ttlSecs: fc.integer({ min: 5, max: 30 }) }),
    namespaces,
    pace: "increasing",
    weights: { expire: 1, compact: 1, restart: 1, merge: 1 },
  }),
  group("maxBytes from 64 to 256 KiB", 40, {
    text: texts.long,
    exercises: ["pressure", "shortened"],
    bounds: pages(1, 4),
    namespaces,
    weights: { insert: 20, restart: 1, merge: 1 },
  }),
  group("maxBytes full of tiny nodes", 4, {
    text: texts.tiny,
    tokens: texts.tokens,
    exercises: ["pressure"],
    bounds: pages(1, 1),
    namespaces,
    weights: { ...filling, insert: 100 },
    fewest: 500,
    most: 1000,
  }),
  group("maxBytes and many tenants", 15, {
    text: texts.long,
    tenants: fc.integer({ min: 60, max: 130 }),
    exercises: ["pressure"],
    bounds: pages(1, 1),
    weights: { insert: 30, remove: 3, addTenants: 6, restart: 1 },
    most: 200,
  }),
  group("maxBytes, maxChars and ttlSecs", 25, {
    text: texts.long,
    tokens: texts.tokens,
    exercises: ["pressure", "expiry"],
    bounds: fc
      .tuple(pages(1, 3), fc.integer({ min: 10_000, max: 200_000 }), fc.integer({ min: 5, max: 50 }))
      .map(([{ maxBytes }, maxChars, ttlSecs]) => ({ maxBytes: maxBytes!, maxChars, ttlSecs })),
    namespaces,
    pace: "increasing",
    weights: { insert: 20, expire: 1, restart: 1 },
  }),
  group("maxBytes of 1 to 4 MiB", 6, {
    text: texts.huge,
    exercises: ["pressure"],
    bounds: pages(16, 64),
    namespaces,
    weights: filling,
    fewest: 30,
    most: 70,
  }),
];

/** Of trees that evict, revoke, restart and merge. */
export const AROUND_THE_LAST_INSERT: fc.Arbitrary<Sequence> = calls({
  text: ascii,
  bounds: fc.record({ maxChars: fc.nat(60) }),
  namespaces: [undefined, "m"],
  weights: { revoke: 3, restart: 2, merge: 1, compact: 1 },
});

function group(name: string, runs: number, options: CallsOptions & Pick<FuzzGroup, "exercises">): FuzzGroup {
  return { name, runs, calls: calls(options), exercises: options.exercises ?? [] };
}

function pages(min: number, max: number): fc.Arbitrary<Bounds> {
  return fc.record({ maxBytes: fc.integer({ min, max }).map((count) => count * PAGE) });
}
