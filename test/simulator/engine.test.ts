import { describe, expect, test } from "vitest";
import { Engine } from "../../src/simulator/engine/index.js";
import { add, drain, L4, stepOnce, tokens } from "./support.js";

describe("the time of a step", () => {
  test("of a prompt alone: t0 + tP·P + tQ·P²/2", () => {
    const engine = new Engine({ profile: L4 });
    add(engine, tokens(256), 1);
    expect(stepOnce(engine).step.durationMs).toBeCloseTo(14 + 0.07 * 256 + 1.7e-6 * 256 * 128, 9);
  });

  test("of sequences that decode: t0 + tD·D + tC·Σ contexts", () => {
    const engine = new Engine({ profile: L4 });
    add(engine, tokens(100, 1), 3);
    add(engine, tokens(200, 2), 3);
    stepOnce(engine);
    expect(stepOnce(engine).step.durationMs).toBeCloseTo(14 + 0.055 * 2 + 1.06e-4 * (100 + 200), 9);
    expect(stepOnce(engine).step.durationMs).toBeCloseTo(14 + 0.055 * 2 + 1.06e-4 * (101 + 201), 9);
  });

  test("of a chunk counts the context before it", () => {
    const engine = new Engine({ profile: { ...L4, maxNumBatchedTokens: 100 } });
    add(engine, tokens(150), 1);
    stepOnce(engine);
    expect(stepOnce(engine).step.durationMs).toBeCloseTo(14 + 0.07 * 50 + 1.7e-6 * 50 * (100 + 25), 9);
  });
});

describe("the token budget of a step", () => {
  test("a prompt of 8,192 tokens takes four steps of 2,048, and what decodes meanwhile waits for each", () => {
    const engine = new Engine({ profile: L4 });
    const decoding = add(engine, tokens(32, 1), 100);
    stepOnce(engine);
    const aloneMs = stepOnce(engine).step.durationMs;
    const long = add(engine, tokens(8192, 2), 1);
    const prefills = [];
    while (long.finishedMs === null) prefills.push(stepOnce(engine));

    // The sequence that decodes takes one token of each budget, so the last four are left for a fifth step.
    expect(prefills.map(({ step }) => step.prefillTokens)).toEqual([2047, 2047, 2047, 2047, 4]);
    for (const { step, generated } of prefills.slice(0, 4)) {
      expect(step.durationMs).toBeGreaterThan(aloneMs + 0.07 * 2047);
      expect(generated.map(({ sequence }) => sequence)).toEqual([decoding]);
    }

    const free = new Engine({ profile: L4 });
    add(free, tokens(8192), 1);
    expect(drain(free).map(({ step }) => step.prefillTokens)).toEqual([2048, 2048, 2048, 2048]);
  });

  test("several prompts share one step, the last of them cut", () => {
    const engine = new Engine({ profile: { ...L4, maxNumBatchedTokens: 100 } });
    const sequences = [add(engine, tokens(60, 1), 1), add(engine, tokens(60, 2), 1), add(engine, tokens(60, 3), 1)];
    const { step } = stepOnce(engine);
    expect(step.scheduled).toEqual([
      { sequence: sequences[0], tokens: 60 },
      { sequence: sequences[1], tokens: 40 },
    ]);
    expect([engine.running, engine.waiting]).toEqual([1, 1]); // the first is finished
  });

  test("without chunked prefill a prompt waits for a step that takes it whole", () => {
    const engine = new Engine({ profile: { ...L4, maxNumBatchedTokens: 100 }, enableChunkedPrefill: false });
    add(engine, tokens(60, 1), 1);
    add(engine, tokens(60, 2), 1);
    expect(drain(engine).map(({ step }) => step.prefillTokens)).toEqual([60, 60]);
  });

  test("no more than maxNumSeqs run", () => {
    const engine = new Engine({ profile: { ...L4, maxNumSeqs: 2 } });
    for (let i = 0; i < 5; i++) add(engine, tokens(20, i), 3);
    stepOnce(engine);
    expect([engine.running, engine.waiting]).toEqual([2, 3]);
    expect(Math.max(...drain(engine).map(({ step }) => step.scheduled.length))).toBe(2);
  });

  test("who arrives while a step is under way is not in it, and not in any that begins before", () => {
    const engine = new Engine({ profile: L4 });
    add(engine, tokens(20, 1), 3, 0);
    const { endMs } = stepOnce(engine, 0);
    const late = add(engine, tokens(20, 2), 1, endMs + 5);
    const second = stepOnce(engine, endMs);
    expect(second.step.scheduled.length).toBe(1);
    expect(stepOnce(engine, second.endMs).generated.map(({ sequence }) => sequence)).toContain(late);
    expect(late.scheduledMs).toBe(second.endMs);
  });
});

describe("the prefix cache", () => {
  test.each([1, 15, 16, 17, 32, 33, 100, 160])(
    "the second of two equal prompts of %i tokens finds all but the last, to the block",
    (length) => {
      const engine = new Engine({ profile: L4 });
      add(engine, tokens(length), 1);
      drain(engine);
      const second = add(engine, tokens(length), 1);
      const [past] = drain(engine);
      const cached = Math.floor((length - 1) / 16) * 16;
      expect(second.cachedTokens).toBe(cached);
      expect(past!.step.prefillTokens).toBe(length - cached);
    },
  );

  test("what a running sequence has computed is found in the very next step", () => {
    const engine = new Engine({ profile: L4 });
    add(engine, tokens(64), 50);
    const { endMs } = stepOnce(engine);
    const second = add(engine, tokens(64), 1, endMs);
    stepOnce(engine, endMs);
    expect(second.cachedTokens).toBe(48);
  });

  test("two equal prompts in one step find nothing: their blocks are there twice", () => {
    const engine = new Engine({ profile: L4 });
    const both = [add(engine, tokens(64), 1), add(engine, tokens(64), 1)];
    stepOnce(engine);
    expect(both.map(({ cachedTokens }) => cachedTokens)).toEqual([0, 0]);
  });

  test("a prompt that goes on where an answer ended finds the answer too", () => {
    const engine = new Engine({ profile: L4 });
    const first = add(engine, tokens(40), 30);
    drain(engine);
    const next = add(engine, [...first.tokens, 7, 8, 9], 1);
    drain(engine);
    // 40 + 30 tokens, the last of which was never computed: four full blocks.
    expect(next.cachedTokens).toBe(64);
  });

  test("prompts that part in a block share the blocks before it; other salts and adapters share none", () => {
    const engine = new Engine({ profile: L4 });
    add(engine, tokens(64), 1);
    drain(engine);
    const parting = add(engine, [...tokens(40), 5, ...tokens(23)], 1);
    const salted = add(engine, tokens(64), 1, 0, "tenant-b");
    const adapted = add(engine, tokens(64), 1, 0, "", "tenant-b");
    drain(engine);
    const both = add(engine, tokens(64), 1, 0, "tenant-b", "tenant-b");
    const again = add(engine, tokens(64), 1, 0, "", "tenant-b");
    drain(engine);
    expect([parting, salted, adapted, both, again].map(({ cachedTokens }) => cachedTokens)).toEqual([32, 0, 0, 0, 48]);
  });

  test("can be switched off", () => {
    const engine = new Engine({ profile: L4, enablePrefixCaching: false });
    add(engine, tokens(64), 1);
    drain(engine);
    const second = add(engine, tokens(64), 1);
    drain(engine);
    expect(second.cachedTokens).toBe(0);
    expect(engine.counters.prefixCacheQueries).toBe(0); // nothing is looked up
  });

  test("its counters are the sums over the requests", () => {
    const engine = new Engine({ profile: L4 });
    const sequences = [100, 64, 100, 30, 64].map((length, i) => {
      const sequence = add(engine, tokens(length, length), 2 + i);
      drain(engine);
      return sequence;
    });
    const sum = (of: (sequence: (typeof sequences)[0]) => number) => sequences.reduce((total, s) => total + of(s), 0);
    expect(engine.counters).toEqual({
      prefixCacheQueries: sum(({ promptTokens }) => promptTokens),
      prefixCacheHits: sum(({ cachedTokens }) => cachedTokens),
      promptTokens: 358,
      generationTokens: 2 + 3 + 4 + 5 + 6,
      preemptions: 0,
    });
    expect(engine.counters.prefixCacheHits).toBe(96 + 48);
  });
});

describe("abort", () => {
  test("frees at once, while a step is under way too, and gives no more tokens", () => {
    const engine = new Engine({ profile: L4 });
    const [going, staying] = [add(engine, tokens(64, 1), 5), add(engine, tokens(64, 2), 5)];
    stepOnce(engine);
    const step = engine.schedule(20)!;
    engine.abort(going);
    expect(engine.pool.size - engine.pool.free).toBe(staying.blocks.length);
    expect(engine.complete(step, 40).map(({ sequence }) => sequence)).toEqual([staying]);
    engine.abort(going);
    engine.abort(staying);
    expect([engine.running, engine.waiting, engine.pool.free]).toEqual([0, 0, L4.blocks]);
  });

  test("while its prompt is computed gives no token", () => {
    const engine = new Engine({ profile: L4 });
    const sequence = add(engine, tokens(64), 5);
    const step = engine.schedule(0)!;
    engine.abort(sequence);
    expect(engine.complete(step, 20)).toEqual([]);
    expect([sequence.generated, engine.counters.generationTokens]).toEqual([0, 0]);
  });

  test("of one that waits takes it out of the queue", () => {
    const engine = new Engine({ profile: L4 });
    engine.abort(add(engine, tokens(64), 5));
    expect(engine.schedule(0)).toBeNull();
    expect(engine.counters.promptTokens).toBe(0);
  });

  test("of one that has all its tokens changes nothing", () => {
    const engine = new Engine({ profile: L4 });
    const sequence = add(engine, tokens(64), 1);
    stepOnce(engine);
    engine.abort(sequence);
    expect([sequence.aborted, engine.pool.free]).toEqual([false, L4.blocks]);
  });

  test("leaves what was computed in the cache", () => {
    const engine = new Engine({ profile: L4 });
    const first = add(engine, tokens(64), 5);
    stepOnce(engine);
    engine.abort(first);
    const second = add(engine, tokens(64), 1);
    stepOnce(engine);
    expect(second.cachedTokens).toBe(48);
  });
});

describe("a request that the engine cannot do", () => {
  const engine = new Engine({ profile: { ...L4, blocks: 4 } });

  test.each([
    ["an empty prompt", [], 1, /at least one token/],
    ["no output", [1], 0, /1 or more, not 0/],
    ["half a token", [1], 1.5, /1 or more, not 1.5/],
    ["more tokens than there are blocks", tokens(60), 5, /65 tokens.*4 blocks of 16/],
  ])("%s is refused, and nothing has changed", (_, prompt, outputTokens, message) => {
    expect(() => add(engine, prompt, outputTokens)).toThrow(RangeError);
    expect(() => add(engine, prompt, outputTokens)).toThrow(message);
    expect([engine.waiting, engine.schedule(0)]).toEqual([0, null]);
  });
});
