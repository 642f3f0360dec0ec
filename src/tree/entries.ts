import { type TreeCore, WINDOW, WINDOW_BYTES } from "./core.js";

/** Bytes of a row of a recency list in the core's window: node u32 | call u32 | time f64. */
const ROW_BYTES = 16;
/** How many the window holds. */
export const MOST_ROWS: number = WINDOW_BYTES / ROW_BYTES;

/** The core's window as rows: row `i` has its node at `words[4 * i]`, its call after that, and its time at `doubles[2 * i + 1]`. */
export class Rows {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly doubles: Float64Array<ArrayBuffer>;

  /** Good until the core's memory grows. */
  constructor(core: TreeCore) {
    this.words = new Uint32Array(core.memory.buffer, WINDOW, WINDOW_BYTES / 4);
    this.doubles = new Float64Array(core.memory.buffer, WINDOW, WINDOW_BYTES / 8);
  }
}

/** Gives a tenant's entries to `take`, newest first, the root's before all others. O(entries). */
export function eachEntry(
  core: TreeCore,
  tenant: number,
  take: (node: number, call: number, timeS: number) => void,
): void {
  for (let count = core.list(tenant); count > 0; count = core.list(0)) {
    // Copied: what takes them may use the window.
    const { words, doubles } = copyOf(new Rows(core), count);
    for (let i = 0; i < count; i++) take(words[4 * i]!, words[4 * i + 1]!, doubles[2 * i + 1]!);
  }
}

function copyOf({ words, doubles }: Rows, count: number): Rows {
  return { words: words.slice(0, 4 * count), doubles: doubles.slice(0, 2 * count) };
}
