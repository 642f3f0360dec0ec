/** Where the pieces come from: the reader of a stream. */
export type PieceSource = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/** What a relayed body tells of itself. The last three exclude each other. */
export interface RelayEvents {
  /** A piece, not empty, was passed on. */
  onPiece(piece: Uint8Array): void;
  /** The source ended, and all of it was passed on. */
  onEnd(): void;
  /** The source failed. What is returned is sent as the last bytes; null passes the failure on. */
  onBreak(error: unknown): Uint8Array | null;
  /** The reader wants no more; the source is cancelled. */
  onCancel(): void;
}

/** The same bytes in the same pieces: one is taken from the source when one is asked for, so nothing piles up here. */
export function relay(source: PieceSource, events: RelayEvents): ReadableStream<Uint8Array> {
  let cancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let piece: ReadableStreamReadResult<Uint8Array>;
        try {
          piece = await source.read();
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
        if (piece.value.byteLength > 0) events.onPiece(piece.value);
      },
      async cancel(reason) {
        cancelled = true;
        events.onCancel();
        // The source may be aborted already, which is no concern of who cancels.
        await source.cancel(reason).catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}
