import type { EvictionLoopOptions, SweepOptions } from "./options.js";

interface Sweepable {
  expire(): unknown;
  sweep(options: SweepOptions): unknown;
}

/** Runs `sweep` at an interval, the first time after one interval. It keeps neither the process nor the tree alive. */
export class EvictionLoop {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(tree: Sweepable, options: EvictionLoopOptions) {
    const target = new WeakRef(tree);
    const { evictionThreshold, evictionTarget, onError = console.error } = options;
    this.#timer = setInterval(() => {
      const swept = target.deref();
      if (swept === undefined) return this.stop();
      try {
        swept.expire();
        swept.sweep({ evictionThreshold, evictionTarget });
      } catch (error) {
        onError(error);
      }
    }, options.intervalSecs * 1000);
    unref(this.#timer);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Node and Bun give an object with `unref`, Deno a number and a function of its own; elsewhere nothing is kept alive. */
export function unref(timer: unknown): void {
  if (typeof timer === "object") {
    (timer as { unref?(): void }).unref?.();
    return;
  }
  const { Deno } = globalThis as { Deno?: { unrefTimer?(id: unknown): void } };
  Deno?.unrefTimer?.(timer);
}
