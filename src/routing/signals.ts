/** @throws the signal's reason when it has aborted. Not the signal's own method, which runtimes and look-alikes may lack. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** Why it has aborted; where the signal does not say, the usual error. */
export function reasonOf(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException("This operation was aborted", "AbortError");
}

/** Who no longer listens must not fail because the signal does. */
export function stopListening(
  signal: AbortSignal | null | undefined,
  listener: EventListenerOrEventListenerObject,
): void {
  try {
    signal?.removeEventListener("abort", listener);
  } catch (error) {
    console.error(error);
  }
}
