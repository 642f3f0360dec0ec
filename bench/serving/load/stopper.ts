import { setMaxListeners } from "node:events";

/** Told of the first Ctrl-C or termination; a second one ends the process at once. */
export interface Stopper extends Disposable {
  readonly signal: AbortSignal;
}

/** `npm` passes on a Ctrl-C that the terminal has sent to its child already: one press arrives twice, at once. */
const SAME_PRESS_MS = 500;

export function stopper(): Stopper {
  const controller = new AbortController();
  // Each process and each run listens.
  setMaxListeners(0, controller.signal);
  let firstAt = 0;
  const onSignal = () => {
    const now = performance.now();
    if (!controller.signal.aborted) {
      firstAt = now;
      controller.abort();
    } else if (now - firstAt > SAME_PRESS_MS) {
      process.exit(130);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
