import { percentile } from "../measure/index.js";

/** How long things took that ended in the last seconds; milliseconds. */
export interface RecentSummary {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
}

/** How far back they go. */
export const RECENT_S = 10;

/** Of more than that in `RECENT_S` seconds, the last ones. */
const MOST = 1024;

/** Times of what has just ended. */
export class RecentTimes {
  readonly #endS = new Float64Array(MOST);
  readonly #ms = new Float64Array(MOST);
  #count = 0;

  add(nowS: number, ms: number): void {
    const at = this.#count++ % MOST;
    this.#endS[at] = nowS;
    this.#ms[at] = ms;
  }

  /** Null when there was nothing. */
  summary(nowS: number): RecentSummary | null {
    const filled = Math.min(this.#count, MOST);
    const recent = this.#ms.subarray(0, filled).filter((_, i) => nowS - this.#endS[i]! <= RECENT_S);
    if (recent.length === 0) return null;
    recent.sort();
    return { count: recent.length, p50: percentile(recent, 50), p95: percentile(recent, 95) };
  }
}
