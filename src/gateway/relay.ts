/** What a relayed body tells of itself. The last three exclude each other. */
export interface RelayEvents {
  /** The first bytes were passed on. */
  onFirstByte(): void;
  /** The source ended, and all of it was passed on. */
  onEnd(): void;
  /** The source failed. What is returned is sent as the last bytes; null passes the failure on. */
  onBreak(error: unknown): Uint8Array | null;
  /** The reader wants no more; the source is cancelled. */
  onCancel(): void;
}

/** The same bytes in the same pieces: one is taken from the source when one is asked for, so nothing piles up here. */
export function relay(source: ReadableStream<Uint8Array>, events: RelayEvents): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let started = false;
  let cancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let piece: ReadableStreamReadResult<Uint8Array>;
        try {
          piece = await reader.read();
        } catch (error) {
          if (cancelled) return;
          const lastBytes = events.onBreak(error);
          if (lastBytes === null) {
            controller.error(error);
            return;
          }
          controller.enqueue(lastBytes);
          controller.close();
          return;
        }
        if (cancelled) return;
        if (piece.done) {
          events.onEnd();
          controller.close();
          return;
        }
        controller.enqueue(piece.value);
        if (!started && piece.value.byteLength > 0) {
          started = true;
          events.onFirstByte();
        }
      },
      async cancel(reason) {
        cancelled = true;
        events.onCancel();
        // The source may be aborted already, which is no concern of who cancels.
        await reader.cancel(reason).catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}
