import { describe, expect, test } from "vitest";
import { type CacheListener, Engine } from "../../src/simulator/engine/index.js";
import fc from "../properties.js";
import { add, drain, L4, stepOnce, tokens } from "./support.js";

/** Copies of each block that the listener has been told of, by hash. */
class Copies implements CacheListener {
  readonly counts = new Map<number, number>();

  stored(sequence: Parameters<CacheListener["stored"]>[0], from: number, to: number): void {
    for (let i = from; i < to; i++) this.#add(sequence.hashOf(i), 1);
  }

  removed(hash: number): void {
    this.#add(hash, -1);
  }

  cleared(): void {
    this.counts.clear();
  }

  #add(hash: number, by: number): void {
    const count = (this.counts.get(hash) ?? 0) + by;
    expect(count).toBeGreaterThanOrEqual(0);
    if (count === 0) this.counts.delete(hash);
    else this.counts.set(hash, count);
  }
}

describe("who listens to a cache", () => {
  test("is told of the blocks that a step has filled, and of those it gives up", () => {
    const engine = new Engine({ profile: { ...L4, blocks: 4 } });
    const told: unknown[] = [];
    engine.pool.listener = {
      stored: ({ promptTokens }, from, to) => told.push(["stored", promptTokens, from, to]),
      removed: (hash) => told.push(["removed", hash]),
      cleared: () => told.push("cleared"),
    };
    const first = add(engine, tokens(47, 1), 3);
    drain(engine);
    add(engine, tokens(32, 2), 1);
    stepOnce(engine);
    expect(told).toEqual([
      ["stored", 47, 0, 2],
      ["stored", 47, 2, 3],
      ["removed", first.hashOf(2)],
      ["stored", 32, 0, 2],
    ]);
  });

  test("knows at any time which blocks are found", () => {
    const request = fc.record({ family: fc.nat({ max: 3 }), prompt: fc.integer({ min: 1, max: 90 }) });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 40 }), (requests) => {
        const engine = new Engine({ profile: { ...L4, blocks: 12 } });
        const copies = new Copies();
        engine.pool.listener = copies;
        const sequences = requests.map(({ family, prompt }, i) => {
          const sequence = add(engine, tokens(prompt, family), 3);
          if (i % 3 === 0) drain(engine);
          return sequence;
        });
        drain(engine);
        for (const sequence of sequences) {
          for (let i = 0; i < Math.floor((sequence.tokens.length - 1) / 16); i++) {
            const hash = sequence.hashOf(i);
            expect(engine.pool.find(hash) >= 0).toBe(copies.counts.has(hash));
          }
        }
      }),
    );
  });
});

test("a cache is cleared when none of its blocks is in use", () => {
  const engine = new Engine({ profile: L4 });
  const first = add(engine, tokens(64), 2);
  stepOnce(engine);
  expect(engine.pool.clear()).toBe(false);
  drain(engine);
  expect([first.finishedMs === null, engine.pool.clear()]).toEqual([false, true]);
  const second = add(engine, tokens(64), 1);
  drain(engine);
  expect(second.cachedTokens).toBe(0);
});
