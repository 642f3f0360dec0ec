const CHECK_MS = 50;

/** Resolves when it is so, or the time is over. */
export async function until(isSo: () => boolean, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!isSo() && performance.now() < end) await later(CHECK_MS);
}

/** Waits, without keeping a process alive where there are such. */
export function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms) as unknown as { unref?: () => void };
    timer.unref?.();
  });
}
