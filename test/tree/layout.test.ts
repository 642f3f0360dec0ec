import { describe, expect, test } from "vitest";
import fc from "../properties.js";
import { ATTACKS, Attack, type Move, move } from "./attack.js";
import { MAKERS } from "./builds.js";

/**
 * Calls chosen to defeat the memory layout (attack.ts). Whatever they do, the text that is held and is none stays below a quarter of
 * the bound, and a text that has room enters whole. WARMROUTE_FUZZ_RUNS=10 draws ten times as many; a failure prints seed and moves.
 */
const { WARMROUTE_FUZZ_RUNS: times = "1" } = process.env;
const PAGE = 65536;

describe.each(MAKERS)("the memory layout withstands ($build core)", (maker) => {
  test.each(ATTACKS)("$attack", ({ moves }) => {
    for (const pages of [1, 4, 8]) {
      const attack = new Attack(maker, pages * PAGE);
      for (const each of moves) attack.perform(each);
      attack.leave();
    }
  });

  test("any others", { timeout: 60_000 * Math.max(1, Number(times)) }, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, 16),
        fc.array(move, { minLength: 3, maxLength: 12, size: "max" }),
        (pages: number, moves: Move[]) => {
          const attack = new Attack(maker, pages * PAGE);
          for (const each of moves) attack.perform(each);
          attack.leave();
        },
      ),
      { numRuns: Math.ceil(25 * Number(times)) },
    );
  });
});

test("the attacks come near: text waste above a fifth of the bound", () => {
  const worst = ATTACKS.map(({ moves }) => {
    const attack = new Attack(MAKERS[0]!, 16 * PAGE);
    for (const each of moves) attack.perform(each);
    return attack.mostWaste;
  });
  expect(Math.max(...worst)).toBeGreaterThan(0.2);
});
