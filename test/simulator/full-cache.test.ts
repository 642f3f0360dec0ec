import { describe, expect, test } from "vitest";
import { Engine } from "../../src/simulator/engine/index.js";
import { add, drain, L4, stepOnce, tokens } from "./support.js";

describe("a full cache", () => {
  test("gives up the tail of what has been free longest", () => {
    const engine = new Engine({ profile: { ...L4, blocks: 8 } });
    add(engine, tokens(65, 1), 1); // five blocks, four of them full
    drain(engine);
    add(engine, tokens(80, 2), 1); // takes the three that were never used and the first prompt's last two
    drain(engine);
    const again = add(engine, tokens(65, 1), 1);
    drain(engine);
    expect(again.cachedTokens).toBe(48);
  });

  test("preempts the last that came; it is computed again and ends with the same tokens", () => {
    const engine = new Engine({ profile: { ...L4, blocks: 8 } });
    const first = add(engine, tokens(60, 1), 40); // seven blocks in the end
    const second = add(engine, tokens(60, 2), 10); // five
    drain(engine);
    expect(engine.counters.preemptions).toBe(1);
    expect(first.finishedMs!).toBeLessThan(second.finishedMs!);
    expect(second.tokens.slice(60)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(engine.pool.free).toBe(8);
  });

  test("admits nobody in the step that preempts, and then the preempted one before those who wait", () => {
    const profile = { ...L4, blocks: 8, maxNumBatchedTokens: 20 };
    const engine = new Engine({ profile, enablePrefixCaching: false });
    const first = add(engine, tokens(60, 1), 40);
    const second = add(engine, tokens(60, 2), 10);
    add(engine, tokens(10, 3), 1);
    let past = stepOnce(engine);
    while (engine.counters.preemptions === 0) past = stepOnce(engine);
    // Three blocks are free now, which is room for a chunk of either.
    expect(past.step.scheduled).toEqual([{ sequence: first, tokens: 1 }]);
    expect(stepOnce(engine).step.scheduled).toEqual([
      { sequence: first, tokens: 1 },
      { sequence: second, tokens: 19 },
    ]);
  });

  test("the head of the queue that finds no room holds back those behind it", () => {
    const engine = new Engine({ profile: { ...L4, blocks: 8 } });
    add(engine, tokens(80, 1), 3);
    const big = add(engine, tokens(64, 2), 1);
    const small = add(engine, tokens(16, 3), 1);
    stepOnce(engine);
    expect([big.scheduledMs, small.scheduledMs]).toEqual([null, null]);
    drain(engine);
    expect([big.finishedMs, small.finishedMs]).not.toContain(null);
  });

  test("a request that finds no room leaves the order of eviction as it was", () => {
    const engine = new Engine({ profile: { ...L4, blocks: 8 } });
    add(engine, tokens(32, 1), 1);
    drain(engine);
    add(engine, tokens(32, 2), 1);
    drain(engine);
    // Prompt 1's two blocks are the next to be evicted once the four unused ones are gone.
    const holding = add(engine, tokens(63, 3), 34);
    stepOnce(engine);
    const refused = add(engine, [...tokens(32, 1), ...tokens(60, 4)], 1);
    for (let i = 0; i < 18; i++) stepOnce(engine);
    expect(refused.scheduledMs).toBeNull();
    engine.abort(refused);
    engine.abort(holding);
    const second = add(engine, tokens(33, 2), 1);
    stepOnce(engine);
    expect(second.cachedTokens).toBe(32);
  });
});
