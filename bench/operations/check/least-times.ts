/** An operation on one text after the other. */
export interface Timed {
  /** Before each pass, not timed. */
  prepare?: () => void;
  call: (index: number) => void;
}

/**
 * Whole passes over `count` texts, the operations taking turns pass by pass; of each text the least time is kept, and the
 * timer's own cost taken off. Least times, because what disturbs a call (a collection, another process) only adds to it.
 * @returns for each operation the mean of its texts' least times, in microseconds.
 */
export function leastTimes<Name extends string>(
  operations: Record<Name, Timed>,
  count: number,
  passes: number,
): Record<Name, number> {
  const names = Object.keys(operations) as Name[];
  const least = new Map(names.map((name) => [name, new Float64Array(count).fill(Number.POSITIVE_INFINITY)]));
  for (let pass = 0; pass < passes; pass++) {
    for (const name of names) {
      operations[name].prepare?.();
      runPass(operations[name].call, least.get(name)!);
    }
  }
  const timer = timerCost();
  const mean = (times: Float64Array) => times.reduce((sum, time) => sum + Math.max(0, time - timer), 0) / count;
  return Object.fromEntries(names.map((name) => [name, 1000 * mean(least.get(name)!)])) as Record<Name, number>;
}

/** For operations under 0.5 µs, timed many at once. Returns the least of the batches' means, in microseconds. */
export function leastBatch(call: (index: number) => void, callsABatch: number, batches: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < batches; batch++) {
    const start = performance.now();
    for (let i = 0; i < callsABatch; i++) call(i);
    least = Math.min(least, performance.now() - start);
  }
  return (1000 * Math.max(0, least - timerCost())) / callsABatch;
}

function runPass(call: (index: number) => void, least: Float64Array): void {
  for (let i = 0; i < least.length; i++) {
    const start = performance.now();
    call(i);
    const time = performance.now() - start;
    if (time < least[i]!) least[i] = time;
  }
}

/** Milliseconds between two readings with nothing between them. */
function timerCost(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10_000; i++) {
    const start = performance.now();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}
