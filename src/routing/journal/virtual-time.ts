import type { Timers } from "../timers.js";

interface Timer {
  readonly atS: number;
  readonly callback: () => void;
}

/** The time of a replay: the clock gives what the journal has, and nothing fires but when it is told to. */
export class VirtualTime {
  nowS: number;
  /** Times still to be read; the last one is read again and again. */
  #times: readonly number[] = [];
  #next = 0;
  readonly #pending = new Set<Timer>();
  /** The timer that was set last since `setNone`; null when none was. */
  last: unknown = null;

  constructor(nowS: number) {
    this.nowS = nowS;
  }

  readonly clock = (): number => {
    if (this.#next < this.#times.length) this.nowS = this.#times[this.#next++]!;
    return this.nowS;
  };

  readonly timers: Timers = {
    setTimeout: (callback, ms) => {
      const timer = { atS: this.nowS + ms / 1000, callback };
      this.#pending.add(timer);
      this.last = timer;
      return timer;
    },
    clearTimeout: (timer) => void this.#pending.delete(timer as Timer),
  };

  /** What the clock gives next. */
  set(times: number | readonly number[] | undefined): void {
    this.#times = times === undefined ? [] : typeof times === "number" ? [times] : times;
    this.#next = 0;
  }

  /** Does something at another time. */
  during(timeS: number, work: () => void): void {
    const { nowS } = this;
    this.nowS = timeS;
    work();
    this.nowS = nowS;
  }

  /** Fires a timer, unless it has fired or was cleared. */
  fire(timer: unknown): void {
    if (this.#pending.delete(timer as Timer)) (timer as Timer).callback();
  }

  /** Fires the timer, and the one that it sets, and so on, as often as they are due by then. */
  fireUntil(timer: unknown, timeS: number): unknown {
    let due = timer as Timer;
    while (this.#pending.has(due) && due.atS <= timeS) {
      this.set(due.atS);
      this.clock();
      this.fire(due);
      due = this.last as Timer;
    }
    return due;
  }
}
