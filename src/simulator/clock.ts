/** What a replica in real time needs of its host. */
export interface SimulatorClock {
  /** Milliseconds since 1970, never falling. */
  now(): number;
  /** Calls back once, after at least so many milliseconds. */
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

export const realClock: SimulatorClock = {
  // biome-ignore lint/plugin: only a replica in real time reads it; the engine gets every time passed in.
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};
