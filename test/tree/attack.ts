import { expect } from "vitest";
import type { PrefixTree } from "../../src/tree/index.js";
import fc from "../properties.js";
import { freeRuns, withMemory } from "./free-runs.js";
import { checkInvariants } from "./invariants.js";
import type { TreeMaker } from "./maker.js";

/** What an attacker of the memory layout does next. Where tenants take turns, the first is to stay. */
export type Move =
  /** So many different texts; of every `turns` the first is of the first tenant, the others of the second. */
  | { do: "fill"; length: number; count: number; turns: number; wide: boolean }
  /** Different texts, each for all three tenants in a row, so that what they have of each lies side by side. */
  | { do: "share"; length: number; count: number }
  /** All that a tenant has goes, and with it what nobody else has. */
  | { do: "empty"; tenant: number }
  /** One text of so many thousandths of the bound, into whatever is free. */
  | { do: "long"; thousandths: number; wide: boolean }
  /** Another, that begins with so many thousandths of the last one. */
  | { do: "branch"; shared: number; thousandths: number; wide: boolean }
  /** The texts of the last fill, or the long one since, cut every so many characters. */
  | { do: "cut"; every: number; from: number; tenant: number }
  /** Texts of which then only the heads stay. */
  | { do: "cutTails"; length: number; head: number; count: number }
  /** Tenants come, are sent a shared text and one of their own, and go, but for every eighth. */
  | { do: "churn"; count: number; length: number };

const length = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 20, max: 200 }), fc.nat({ max: 3000 }));
const count = fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 100, max: 1500 }));
const tenant = fc.nat({ max: 2 });
const wide = fc.boolean();

export const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ do: fc.constant("fill" as const), length, count, turns: fc.integer({ min: 2, max: 40 }), wide }),
  fc.record({ do: fc.constant("share" as const), length, count }),
  fc.record({ do: fc.constant("empty" as const), tenant }),
  fc.record({ do: fc.constant("long" as const), thousandths: fc.integer({ min: 1, max: 1000 }), wide }),
  fc.record({
    do: fc.constant("branch" as const),
    shared: fc.nat({ max: 1000 }),
    thousandths: fc.integer({ min: 1, max: 1000 }),
    wide,
  }),
  fc.record({
    do: fc.constant("cut" as const),
    every: fc.integer({ min: 1, max: 90 }),
    from: fc.nat({ max: 40 }),
    tenant,
  }),
  fc.record({
    do: fc.constant("cutTails" as const),
    length: fc.nat({ max: 5000 }),
    head: fc.nat({ max: 60 }),
    count: fc.nat({ max: 60 }),
  }),
  fc.record({ do: fc.constant("churn" as const), count: fc.nat({ max: 60 }), length }),
);

export const ATTACKS: readonly { attack: string; moves: Move[] }[] = [
  {
    attack: "tiny nodes, one kept of every 20, then one long text",
    moves: [
      { do: "fill", length: 5, count: 20_000, turns: 20, wide: false },
      { do: "empty", tenant: 1 },
      { do: "long", thousandths: 500, wide: false },
    ],
  },
  {
    attack: "tiny nodes, every other kept, then long texts until little else is there",
    moves: [
      { do: "fill", length: 5, count: 20_000, turns: 2, wide: false },
      { do: "empty", tenant: 1 },
      ...[100, 200, 300, 700].map((thousandths): Move => ({ do: "long", thousandths, wide: false })),
    ],
  },
  {
    attack: "texts in holes of one grain, cut everywhere",
    moves: [
      { do: "share", length: 5, count: 20_000 },
      { do: "empty", tenant: 1 },
      ...repeated(40, [
        { do: "fill", length: 4000, count: 10, turns: 1, wide: false },
        { do: "cut", every: 33, from: 0, tenant: 0 },
      ]),
    ],
  },
  {
    attack: "texts that just need another grain",
    moves: [{ do: "fill", length: 33, count: 20_000, turns: 2, wide: false }],
  },
  {
    attack: "texts cut to pieces that just need another grain",
    moves: repeated(40, [
      { do: "fill", length: 4000, count: 10, turns: 1, wide: false },
      { do: "cut", every: 33, from: 0, tenant: 0 },
    ]),
  },
  {
    attack: "tails cut off long texts",
    moves: [
      { do: "cutTails", length: 3000, head: 25, count: 2000 },
      { do: "long", thousandths: 600, wide: false },
    ],
  },
  {
    attack: "a long text that begins as one that has to go for it, with many between",
    moves: [
      { do: "long", thousandths: 498, wide: false },
      { do: "share", length: 20, count: 35 },
      { do: "long", thousandths: 476, wide: false },
    ],
  },
  {
    attack: "a text cut in the middle of a piece when no hole is as long",
    moves: [
      { do: "fill", length: 1500, count: 40, turns: 2, wide: false },
      { do: "long", thousandths: 100, wide: false },
      { do: "fill", length: 1500, count: 20_000, turns: 2, wide: false },
      { do: "empty", tenant: 1 },
      { do: "branch", shared: 120, thousandths: 50, wide: false },
    ],
  },
  {
    attack: "a text cut where the first hole of about the length is a little short",
    moves: [
      { do: "branch", shared: 0, thousandths: 83, wide: false },
      { do: "cutTails", length: 1634, head: 10, count: 58 },
      { do: "churn", count: 0, length: 1 },
      { do: "branch", shared: 201, thousandths: 206, wide: false },
      { do: "branch", shared: 19, thousandths: 296, wide: false },
    ],
  },
  {
    attack: "a text of more than half the bound that needs two bytes a unit at its end only",
    moves: [
      { do: "branch", shared: 0, thousandths: 784, wide: false },
      { do: "empty", tenant: 0 },
      { do: "share", length: 10, count: 43 },
      { do: "branch", shared: 416, thousandths: 1, wide: true },
      { do: "long", thousandths: 1, wide: false },
    ],
  },
  {
    attack: "tenants that come and go",
    moves: [
      { do: "churn", count: 300, length: 40 },
      { do: "long", thousandths: 300, wide: true },
      { do: "churn", count: 300, length: 200 },
      { do: "long", thousandths: 600, wide: false },
    ],
  },
  {
    attack: "sizes in turn",
    moves: [
      ...[3, 60, 21, 1000, 30, 5000].flatMap((length): Move[] => [
        { do: "fill", length, count: 300, turns: 3, wide: length % 2 === 1 },
        { do: "empty", tenant: 1 },
      ]),
      { do: "long", thousandths: 650, wide: false },
    ],
  },
];

function repeated(times: number, moves: Move[]): Move[] {
  return Array.from({ length: times }, () => moves).flat();
}

const TENANTS = ["kept", "second", "third"];
const MOST_WASTE = 0.25;
/** In the worst place, runs of one grain of 32 bytes, text takes so many times its bytes. */
const WORST_STRETCH = 32 / 24;
/**
 * Text takes the longest runs first, and leaves records what it does not take. In runs of two grains or more it uses up, at worst, three
 * grains for two: the third may be alone, and of no use to a node.
 */
const PAIR = 64;
const PAIR_STRETCH = 96 / 56;
/**
 * What a cut copies takes up to 1 KiB. In runs of that or more text takes whole runs with their headers, and the end of every piece
 * that crosses, of half a window or more, one of which it may leave too little.
 */
const LONG = 1024;
const LONG_STRETCH = LONG / (LONG - 8);
const LEAST_PIECE = 8192;
/** Cutting takes time with the square of a text's length. */
const MOST_CUT = 50;
const MOST_CUT_CHARACTERS = 5000;
/** What a tenant takes that owns nothing, or did when there were most of them. */
const TENANT_BYTES = 96;
/** What an insert may need besides its text: two nodes, a few entries, blocks of children. */
const RECORDS = 4096;

/** A tree under attack, which checks after every move that it has withstood. */
export class Attack {
  readonly tree: PrefixTree;
  /** Text waste as a part of the bound, when it was most. */
  mostWaste = 0;
  readonly #memory: WebAssembly.Memory;
  readonly #maxBytes: number;
  /** Bytes that a tree has for text and records when nothing is in it. */
  readonly #emptyBytes: number;
  #texts = 0;
  /** What the next cut cuts. */
  #uncut: string[] = [];
  /** The last long text, while it is in no more pieces than the likes of it have made. */
  #long = "";
  #newcomers: string[] = [];
  #mostNewcomers = 0;

  constructor(maker: TreeMaker, maxBytes: number) {
    [this.tree, this.#memory] = withMemory(() => maker.create({ maxBytes }));
    this.tree.addTenants(TENANTS, 0);
    this.#maxBytes = maxBytes;
    this.#emptyBytes = this.tree.stats().freeBytes;
  }

  perform(move: Move): void {
    switch (move.do) {
      case "fill":
        this.#uncut = [];
        this.#repeat(move.count, (i) => {
          const text = this.#text(move.length, move.wide);
          this.#insert(text, i % move.turns === 0 ? 0 : 1);
          this.#uncut.push(text);
        });
        break;
      case "share":
        this.#repeat(move.count, () => {
          const text = this.#text(move.length, false);
          for (const tenant of TENANTS.keys()) this.#insert(text, tenant);
        });
        break;
      case "empty":
        this.tree.evictTenantByLru(TENANTS[move.tenant]!, Number.MAX_SAFE_INTEGER);
        break;
      case "long":
        this.#insertLong(move);
        break;
      case "branch":
        this.#insertLong(move, this.#long.slice(0, Math.floor((this.#long.length * move.shared) / 1000)));
        break;
      case "cut":
        this.#long = "";
        for (const text of this.#uncut.slice(-MOST_CUT)) {
          const end = Math.min(text.length, MOST_CUT_CHARACTERS);
          for (let at = move.from; at < end; at += move.every) this.#insert(text.slice(0, at), move.tenant);
        }
        break;
      case "cutTails":
        this.#repeat(move.count, () => {
          const text = this.#text(move.length, false);
          this.#insert(text, 1);
          this.#insert(text.slice(0, move.head), 0);
        });
        this.tree.evictTenantByLru(TENANTS[1]!, Number.MAX_SAFE_INTEGER);
        break;
      case "churn":
        this.#churn(move.count, move.length);
    }
    this.#check();
  }

  /** When all have gone, all is as it was. */
  leave(): void {
    this.tree.removeTenants(this.#newcomers);
    for (const tenant of TENANTS) this.tree.evictTenantByLru(tenant, Number.MAX_SAFE_INTEGER);
    expect(this.tree.stats()).toMatchObject({ nodes: 1, chars: 0, textBytes: 0, textWasteBytes: 0 });
    this.#insertWhole(this.#text(Math.floor(this.#emptyBytes * 0.98) - RECORDS, false));
  }

  #repeat(count: number, insert: (i: number) => void): void {
    // Once round the memory is enough: what more does is evict what the same move has put there.
    const { pressureEvictions } = this.tree.stats();
    for (let i = 0; i < count; i++) {
      insert(i);
      if (i % 64 === 0 && this.tree.stats().pressureEvictions > pressureEvictions) return;
    }
  }

  #churn(count: number, length: number): void {
    this.tree.removeTenants(this.#newcomers);
    this.#mostNewcomers = Math.max(this.#mostNewcomers, count);
    const names = Array.from({ length: count }, (_, i) => `newcomer ${i}`);
    const shared = this.#text(length, false);
    for (const name of names) {
      this.tree.addTenants([name], 0);
      this.tree.insert(shared, name, 0);
      this.tree.insert(shared + this.#text(length, true), name, 0);
    }
    this.#newcomers = names.filter((_, i) => i % 8 === 0);
    this.tree.removeTenants(names.filter((_, i) => i % 8 > 0));
  }

  #insert(text: string, tenant: number): void {
    this.tree.insert(text, TENANTS[tenant]!, 0);
  }

  #insertLong({ thousandths, wide }: { thousandths: number; wide: boolean }, start = ""): void {
    const bytes = Math.floor((this.#maxBytes * thousandths) / 1000);
    const length = (wide ? bytes >> 1 : bytes) - start.length;
    const text = start + this.#text(length, wide);
    this.#uncut = [text];
    this.#long = text;
    this.#insertWhole(text);
  }

  /** A text enters whole if it has room however scattered; and nothing goes for it if there is room without that. */
  #insertWhole(text: string): void {
    // A text that turns out to need two bytes a unit is for a moment there twice.
    const bytes = isLatin1(text) ? text.length : 2 * text.length + text.search(WIDE);
    const before = this.tree.stats();
    const hasRoom = this.#hasRoom(text, bytes);
    this.#insert(text, 0);
    const { matchedChars } = this.tree.prefixMatch(text, [TENANTS[0]!]);
    const isWhole = matchedChars === text.length;
    const most = this.#emptyBytes - this.#mostNewcomers * TENANT_BYTES;
    if (hasRoom) expect(this.tree.stats().pressureEvictions).toBe(before.pressureEvictions);
    if (bytes * WORST_STRETCH + RECORDS <= most || (before.nodes === 1 && bytes + RECORDS <= before.freeBytes)) {
      expect(isWhole, `${matchedChars} of ${text.length}`).toBe(true);
    }
  }

  /**
   * Whether nothing has to go for a text: text may lie scattered, grain by grain, but a node takes two grains in a row, and a cut, of
   * which there is one if some of the text is there, copies as much as has to stay together.
   */
  #hasRoom(text: string, bytes: number): boolean {
    // The last is short of memory's end, or of a region's.
    const pieces = Math.ceil(bytes / LEAST_PIECE) + 1;
    if (bytes * LONG_STRETCH + pieces * LONG + RECORDS <= this.#freeIn(LONG)) return true;
    const isNew = this.tree.prefixMatch(text, []).matchedChars === 0;
    return isNew && bytes * PAIR_STRETCH + RECORDS <= this.#freeIn(PAIR);
  }

  /** Free bytes in runs of at least `least`. */
  #freeIn(least: number): number {
    const short = freeRuns(this.#memory).filter((bytes) => bytes < least);
    return this.tree.stats().freeBytes - short.reduce((sum, bytes) => sum + bytes, 0);
  }

  #check(): void {
    const { textWasteBytes, memoryBytes } = this.tree.stats();
    this.mostWaste = Math.max(this.mostWaste, textWasteBytes / this.#maxBytes);
    expect(textWasteBytes / this.#maxBytes).toBeLessThanOrEqual(MOST_WASTE);
    expect(memoryBytes).toBeLessThanOrEqual(this.#maxBytes);
    if (this.tree.stats().nodes < 1000) checkInvariants(this.tree);
  }

  /** A text unlike those before from its first characters on, of at least as many characters as that takes. */
  #text(length: number, wide: boolean): string {
    const number = (this.#texts++).toString(36);
    return `${[...number].reverse().join("")} ${wide ? "語" : ""}`.padEnd(length, wide ? "本" : "x");
  }
}

const WIDE = /[\u0100-\uffff]/;

function isLatin1(text: string): boolean {
  return !WIDE.test(text);
}
