import { expect, test } from "vitest";
import { Engine, type Sequence, type Step } from "../../src/simulator/engine/index.js";
import fc from "../properties.js";
import { add, drain, L4, tokens } from "./support.js";

/** Few blocks and a small budget, so that chunks, head-of-line blocking, eviction and preemption are common. */
const CRAMPED = { ...L4, blocks: 12, maxNumBatchedTokens: 50, maxNumSeqs: 4 };

type Operation =
  | { readonly kind: "add"; readonly family: number; readonly prompt: number; readonly output: number }
  | { readonly kind: "step" }
  | { readonly kind: "abort"; readonly which: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      family: fc.nat({ max: 2 }),
      prompt: fc.integer({ min: 1, max: 100 }),
      output: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 12, arbitrary: fc.constant({ kind: "step" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const), which: fc.nat() }) },
);

/** Every block is free, or held by as many sequences as its count says; nothing is scheduled beyond the limits. */
function checkBlocks(engine: Engine, sequences: readonly Sequence[]): void {
  const held = sequences.flatMap(({ blocks }) => blocks);
  expect(engine.pool.references).toBe(held.length);
  expect(engine.pool.free).toBe(CRAMPED.blocks - new Set(held).size);
  expect(engine.running).toBeLessThanOrEqual(CRAMPED.maxNumSeqs);
  for (const { blocks, computed } of sequences) expect(blocks.length * 16).toBeGreaterThanOrEqual(computed);
}

/** What the blocks hold, as a cache would: each the tokens up to its end. A sequence reads only what it has computed. */
class Contents {
  readonly #ofBlock = new Map<number, string>();

  check({ scheduled }: Step): void {
    for (const { sequence } of scheduled) {
      this.#each(sequence, sequence.computed, (block, text) => expect(this.#ofBlock.get(block)).toBe(text));
    }
  }

  write({ scheduled }: Step): void {
    for (const { sequence, tokens: count } of scheduled) {
      if (sequence.aborted) continue;
      this.#each(sequence, sequence.computed + count, (block, text) => this.#ofBlock.set(block, text));
    }
  }

  #each({ blocks, tokens: all }: Sequence, end: number, visit: (block: number, text: string) => void): void {
    for (let i = 0; (i + 1) * 16 <= end; i++) visit(blocks[i]!, all.slice(0, (i + 1) * 16).join());
  }
}

test("blocks are conserved and hold what their readers computed; who is not aborted gets all its tokens", () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 120, size: "max" }),
      fc.boolean(),
      (operations, enablePrefixCaching) => {
        const engine = new Engine({ profile: CRAMPED, enablePrefixCaching });
        const sequences: Sequence[] = [];
        const contents = new Contents();
        let nowMs = 0;
        let step: Step | null = null;
        const begin = () => {
          step = engine.schedule(nowMs);
          if (step === null) return;
          expect(step.scheduled.reduce((sum, { tokens: count }) => sum + count, 0)).toBeLessThanOrEqual(50);
          contents.check(step);
        };
        const end = (under: Step) => {
          nowMs += under.durationMs;
          contents.write(under);
          engine.complete(under, nowMs);
          step = null;
        };
        for (const each of operations) {
          if (each.kind === "add") {
            sequences.push(add(engine, tokens(each.prompt, each.family), each.output, nowMs));
          } else if (each.kind === "abort") {
            if (sequences.length > 0) engine.abort(sequences[each.which % sequences.length]!);
          } else if (step === null) begin();
          else end(step);
          checkBlocks(engine, sequences);
        }
        if (step !== null) end(step);
        drain(engine, nowMs);
        checkBlocks(engine, sequences);
        expect([engine.pool.free, engine.pool.references]).toEqual([CRAMPED.blocks, 0]);
        for (const { aborted, finishedMs, generated, outputTokens } of sequences) {
          if (!aborted) expect([finishedMs === null, generated]).toEqual([false, outputTokens]);
        }
        const all = sequences.filter(({ scheduledMs }) => scheduledMs !== null);
        const sum = (of: (sequence: Sequence) => number) => all.reduce((total, each) => total + of(each), 0);
        expect(engine.counters.generationTokens).toBe(sum(({ generated }) => generated));
        expect(engine.counters.prefixCacheHits).toBe(sum(({ cachedTokens }) => cachedTokens));
        const queries = enablePrefixCaching ? sum(({ promptTokens }) => promptTokens) : 0;
        expect(engine.counters.prefixCacheQueries).toBe(queries);
      },
    ),
  );
});

test("in a closed loop Little's law holds: concurrency = requests a second · time in the engine", () => {
  const engine = new Engine({ profile: L4 });
  const [concurrency, requests] = [10, 300];
  const sequences: Sequence[] = [];
  let nowMs = 0;
  const next = () => sequences.push(add(engine, tokens(50 + (sequences.length % 7) * 90, sequences.length), 40, nowMs));
  while (sequences.length < concurrency) next();
  while (engine.running + engine.waiting > 0) {
    const step = engine.schedule(nowMs)!;
    nowMs += step.durationMs;
    for (const { last } of engine.complete(step, nowMs)) if (last && sequences.length < requests) next();
  }
  const inEngineMs = sequences.reduce((sum, { finishedMs, arrivedMs }) => sum + finishedMs! - arrivedMs, 0);
  expect(inEngineMs / nowMs / concurrency).toBeGreaterThan(0.98);
  expect(inEngineMs / nowMs / concurrency).toBeLessThanOrEqual(1);
});
