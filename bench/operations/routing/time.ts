import { performance } from "node:perf_hooks";

export interface Timing {
  /** Microseconds, timer included. */
  readonly p50: number;
  readonly p99: number;
  /** Calls a second, of whole passes without a timer inside. */
  readonly perSecond: number;
}

/**
 * Times a call on every item, in passes: the percentiles are of single calls in every second pass, the rate is the best of the
 * other passes, on which the least else was running.
 */
export function timed<Item>(items: readonly Item[], passes: number, call: (item: Item) => void): Timing {
  for (const item of items) call(item);
  const samples: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < passes; pass++) {
    const start = performance.now();
    for (const item of items) call(item);
    least = Math.min(least, performance.now() - start);
    for (const item of items) {
      const before = process.hrtime.bigint();
      call(item);
      samples.push(Number(process.hrtime.bigint() - before) / 1000);
    }
  }
  return timingOf(samples, items.length, least);
}

/** As `timed`, of a call in two parts with the end of a turn between them, whose time counts too. */
export async function timedInTurns<Item, Begun>(
  items: readonly Item[],
  passes: number,
  begin: (item: Item) => Begun,
  end: (begun: Begun) => void,
): Promise<Timing> {
  const samples: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < passes; pass++) {
    const start = performance.now();
    for (const item of items) {
      const before = process.hrtime.bigint();
      const begun = begin(item);
      await undefined;
      end(begun);
      samples.push(Number(process.hrtime.bigint() - before) / 1000);
    }
    least = Math.min(least, performance.now() - start);
  }
  return timingOf(samples, items.length, least);
}

function timingOf(samples: number[], count: number, leastMs: number): Timing {
  samples.sort((a, b) => a - b);
  return {
    p50: samples[Math.floor(samples.length * 0.5)]!,
    p99: samples[Math.floor(samples.length * 0.99)]!,
    perSecond: (count / leastMs) * 1000,
  };
}
