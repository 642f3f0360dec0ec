import { unref } from "../tree/index.js";
import type { Timers } from "./timers.js";

/** Does a policy's work at an interval. It keeps neither the process alive nor the router. */
export class Repeater {
  readonly #timers: Timers;
  readonly #run: (work: (timeS: number) => void) => void;
  /** Held here, and weakly by the timers. */
  readonly #works: (() => void)[] = [];
  readonly #handles = new Map<() => void, unknown>();

  /** @param run does the work, and hears what it throws. */
  constructor(timers: Timers, run: (work: (timeS: number) => void) => void) {
    this.#timers = timers;
    this.#run = run;
  }

  /** For the first time after one interval. */
  every(seconds: number, work: (timeS: number) => void): void {
    const run = (): void => {
      this.#arm(seconds, run);
      this.#run(work);
    };
    this.#works.push(run);
    this.#arm(seconds, run);
  }

  stop(): void {
    for (const handle of this.#handles.values()) this.#timers.clearTimeout(handle);
    this.#handles.clear();
    this.#works.length = 0;
  }

  #arm(seconds: number, run: () => void): void {
    const weak = new WeakRef(run);
    const handle = this.#timers.setTimeout(() => weak.deref()?.(), seconds * 1000);
    unref(handle);
    this.#handles.set(run, handle);
  }
}
