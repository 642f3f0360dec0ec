import { describe, expect, test } from "vitest";
import { PrefixTree } from "../../src/tree/index.js";
import { makeParts } from "../../src/tree/parts.js";
import fc from "../properties.js";
import { MAKERS } from "../tree/builds.js";
import { RELEASE, type TreeMaker } from "../tree/maker.js";
import { PrefixTreeUnderTest } from "./adapter.js";
import { compareCalls, type Tally } from "./comparison.js";
import { AROUND_THE_LAST_INSERT, FUZZ_GROUPS } from "./fuzz.js";

/**
 * WARMROUTE_FUZZ_RUNS=10 draws ten times as many sequences. A failure prints its seed, path and the shortest calls found;
 * WARMROUTE_FUZZ_SEED draws the same sequences again.
 */
const { WARMROUTE_FUZZ_RUNS: times = "1" } = process.env;

const timeout = 60_000 * Math.max(1, Number(times));

describe("PrefixTree, release core and debug core, does as the naive tree does", () => {
  let compared = 0;

  test.for(FUZZ_GROUPS)("$name", { timeout }, ({ calls, runs, exercises = [] }) => {
    const tally: Tally = { pressure: 0, expiry: 0, shortened: 0 };
    fc.assert(
      fc.property(calls, (sequence) => {
        const counted = compareCalls(
          sequence,
          MAKERS.map((maker) => (bounds) => new PrefixTreeUnderTest(bounds, maker)),
        );
        for (const what of exercises) tally[what] += counted[what];
        compared += sequence.calls.length;
      }),
      {
        numRuns: Math.ceil(runs * Number(times)),
        reporter: (result) => {
          if (!result.failed) return;
          throw new Error(readable(fc.defaultReportMessage(result) ?? ""), { cause: result.errorInstance });
        },
      },
    );
    // A few sequences may chance to have none.
    if (Number(times) < 1) return;
    for (const what of exercises) expect(tally[what], what).toBeGreaterThanOrEqual((runs * Number(times)) / 10);
  });

  test.skipIf(Number(times) < 1)("in 100,000 calls or more", () => {
    expect(compared).toBeGreaterThanOrEqual(100_000);
  });
});

test("inserts are in the right order when their number, a u32, has begun again at 0", () => {
  const nearTheEnd: TreeMaker = {
    ...RELEASE,
    create(options) {
      const parts = makeParts(options);
      parts.core.restore_call(0xffffffff - 20);
      return new PrefixTree(options, parts);
    },
  };
  fc.assert(
    fc.property(AROUND_THE_LAST_INSERT, (sequence) => {
      compareCalls(sequence, [(bounds) => new PrefixTreeUnderTest(bounds, nearTheEnd)]);
    }),
    { numRuns: Math.ceil(60 * Number(times)) },
  );
});

/** The report with what is repeated in a text counted, and lone surrogates, which a terminal cannot show, escaped. */
function readable(report: string): string {
  return report
    .replace(/(.{1,8}?)\1{39,}/gsu, (run, part) => `⟨${part} × ${run.length / part.length}⟩`)
    .replace(/[\ud800-\udfff]/gu, (surrogate) => `\\u${surrogate.charCodeAt(0).toString(16)}`);
}
