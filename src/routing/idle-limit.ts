import { unref } from "../tree/index.js";
import { LONGEST_DELAY_MS, type Timers } from "./timers.js";

interface Idler {
  idle(): void;
}

/** Ends what has shown no sign of life for so many seconds. O(1) a sign. Its one timer keeps no process alive. */
export class IdleLimit {
  readonly seconds: number;
  readonly #clock: () => number;
  readonly #timers: Timers;
  /** When each gave its last sign, the longest ago first. */
  readonly #signs = new Map<Idler, number>();
  #lastS = Number.NEGATIVE_INFINITY;
  /** By how much the clock has been put back in all: what it took from the time that has passed. */
  #setBackS = 0;
  #timer: unknown = null;

  constructor(seconds: number, clock: () => number, timers: Timers) {
    this.seconds = seconds;
    this.#clock = clock;
    this.#timers = timers;
  }

  sign(idler: Idler): void {
    const nowS = this.#read();
    if (this.#timer === null) this.#arm(this.seconds);
    this.#signs.delete(idler);
    this.#signs.set(idler, nowS);
  }

  forget(idler: Idler): void {
    this.#signs.delete(idler);
  }

  /** Seconds that never go back, though the clock does. */
  #read(): number {
    const nowS = this.#clock();
    if (nowS < this.#lastS) this.#setBackS += this.#lastS - nowS;
    this.#lastS = nowS;
    return nowS + this.#setBackS;
  }

  #arm(seconds: number): void {
    const ms = Math.min(Math.ceil(seconds * 1000), LONGEST_DELAY_MS);
    this.#timer = this.#timers.setTimeout(() => this.#sweep(), ms);
    unref(this.#timer);
  }

  #sweep(): void {
    this.#timer = null;
    let seconds: number | null = this.seconds;
    try {
      seconds = this.#endIdle();
    } catch (error) {
      // Looked for again later.
      console.error(error);
    }
    if (seconds === null || this.#timer !== null) return;
    try {
      this.#arm(seconds);
    } catch (error) {
      // The next sign of life sets one.
      console.error(error);
    }
  }

  /** Seconds until the next one may be idle; null when there is none. */
  #endIdle(): number | null {
    const nowS = this.#read();
    for (const [idler, atS] of this.#signs) {
      const left = atS + this.seconds - nowS;
      if (left > 0) return left;
      this.#signs.delete(idler);
      idler.idle();
    }
    return null;
  }
}
