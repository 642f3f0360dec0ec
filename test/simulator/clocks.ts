import type { SimulatorClock } from "../../src/simulator/clock.js";

/** A clock that stands until it is told to go on, and then fires each timer at its own time. */
export class ManualClock implements SimulatorClock {
  #nowMs: number;
  #made = 0;
  readonly #timers = new Map<number, { dueMs: number; callback: () => void }>();

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, ms: number): number {
    this.#timers.set(++this.#made, { dueMs: this.#nowMs + ms, callback });
    return this.#made;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** How long the next timer still waits; Infinity when there is none. */
  get waitMs(): number {
    return Math.min(...[...this.#timers.values()].map(({ dueMs }) => dueMs)) - this.#nowMs;
  }

  /** Goes on by `ms`; timers fire `lateMs` after they are due. */
  advance(ms: number, lateMs = 0): void {
    const endMs = this.#nowMs + ms;
    while (this.#nowMs + this.waitMs + lateMs <= endMs) this.#fireNext(lateMs);
    this.#nowMs = endMs;
  }

  #fireNext(lateMs: number): void {
    const [handle, { dueMs, callback }] = [...this.#timers].sort(([a, x], [b, y]) => x.dueMs - y.dueMs || a - b)[0]!;
    this.#nowMs = Math.max(this.#nowMs, dueMs + lateMs);
    this.#timers.delete(handle);
    callback();
  }
}

/** A clock that stands while the host works and jumps to the next timer when it is idle: exact, and as fast as the host. */
export class JumpingClock extends ManualClock {
  #jumping = false;

  override setTimeout(callback: () => void, ms: number): number {
    const handle = super.setTimeout(callback, ms);
    if (!this.#jumping) this.#jump();
    return handle;
  }

  #jump(): void {
    this.#jumping = true;
    setImmediate(() => {
      if (this.timers > 0) this.advance(this.waitMs);
      this.#jumping = false;
      if (this.timers > 0) this.#jump();
    });
  }
}
