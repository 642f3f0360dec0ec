/** An operation on one text after the other. */
export interface Timed {
  /** How many texts it is called with: 0, 1, …. */
  count: number;
  /** Before each pass, not timed. */
  prepare?: () => void;
  call: (index: number) => void;
}

/**
 * Whole passes over the texts, the operations taking turns pass by pass; of each text the least time is kept, and the timer's
 * own cost taken off. Least times, because what disturbs a call (a collection, another process) only adds to it. In turns, so
 * that a slow minute of the machine meets all of them; each comes first now and then, and all of a pass are prepared before
 * the first one is timed.
 * @param between called before each operation of a pass: `sweepCaches` where operations of different working sets are compared.
 * @returns for each operation the mean of its texts' least times, in microseconds.
 */
export function leastTimes<Name extends string>(
  operations: Record<Name, Timed>,
  passes: number,
  between: () => void = () => {},
): Record<Name, number> {
  const names = Object.keys(operations) as Name[];
  const least = names.map((name) => new Float64Array(operations[name].count).fill(Number.POSITIVE_INFINITY));
  for (let pass = 0; pass < passes; pass++) {
    for (const name of names) operations[name].prepare?.();
    for (let turn = 0; turn < names.length; turn++) {
      const i = (pass + turn) % names.length;
      between();
      runPass(operations[names[i]!].call, least[i]!);
    }
  }
  const timer = timerCost();
  const meanUs = (times: Float64Array) =>
    (1000 * times.reduce((sum, time) => sum + Math.max(0, time - timer), 0)) / times.length;
  return Object.fromEntries(names.map((name, i) => [name, meanUs(least[i]!)])) as Record<Name, number>;
}

/**
 * For operations under 0.5 µs, where the timer would count for much: all `count` calls timed at once, the operations taking
 * turns. Returns for each the least of the batches' means, in microseconds.
 */
export function leastBatches<Name extends string>(
  operations: Record<Name, Timed>,
  batches: number,
): Record<Name, number> {
  const names = Object.keys(operations) as Name[];
  const least = new Map<Name, number>();
  for (let batch = 0; batch < batches; batch++) {
    for (const name of names) {
      const { count, call, prepare } = operations[name];
      prepare?.();
      const start = performance.now();
      for (let i = 0; i < count; i++) call(i);
      const time = performance.now() - start;
      least.set(name, Math.min(least.get(name) ?? time, time));
    }
  }
  const timer = timerCost();
  const meanUs = (name: Name) => (1000 * Math.max(0, least.get(name)! - timer)) / operations[name].count;
  return Object.fromEntries(names.map((name) => [name, meanUs(name)])) as Record<Name, number>;
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

/** In 8-byte numbers: 128 MiB, four times the last-level cache of most machines. */
const swept = new Float64Array(16 * 2 ** 20);
const CACHE_LINE = 8;

/**
 * So that an operation finds its texts and its tree in main memory, however little they are: 2,000 texts and their tree stay in
 * a cache of 32 MB from pass to pass, 40,000 do not.
 */
export function sweepCaches(): void {
  for (let i = 0; i < swept.length; i += CACHE_LINE) swept[i]!++;
}
