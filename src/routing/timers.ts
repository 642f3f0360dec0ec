/** Calls back later. Given with a `clock` of its own, a router runs in that time. */
export interface Timers {
  /** Calls back once, after at least so many milliseconds. */
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

export const realTimers: Timers = {
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

/** The longest delay of a timer; a longer one would fire at once. */
export const LONGEST_DELAY_MS: number = 2 ** 31 - 1;
