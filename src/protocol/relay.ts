/** Where the pieces come from: the reader of a stream. */
export interface PieceSource extends Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel"> {
  /** Whether nothing comes after what was read, where that is known already: then nobody need wait to be told. */
  readonly ended?: boolean;
  /** Set by who reads: told that the source has failed while nothing was asked of it. What is read from then on fails too. */
  onFailed?: ((error: Error) => void) | null;
}

/** What a relayed body tells of itself. The last three exclude each other. */
export interface RelayEvents {
  /** A piece, not empty, is passed on. */
  onPiece(piece: Uint8Array): void;
  /** The source ended, and all of it was passed on. */
  onEnd(): void;
  /** The source failed. What is returned is sent as the last bytes if they are waited for; null passes the failure on. */
  onBreak(error: unknown): Uint8Array | null;
  /** The reader wants no more; the source is cancelled. */
  onCancel(): void;
}

/** The same bytes in the same pieces: one is taken from the source when one is asked for, so nothing piles up here. */
export function relay(source: PieceSource, events: RelayEvents): PieceSource {
  return new Relay(source, events);
}

const END = { done: true, value: undefined } as const;

class Relay implements PieceSource {
  onFailed: ((error: Error) => void) | null = null;
  readonly #source: PieceSource;
  readonly #events: RelayEvents;
  #over = false;
  /** Why nothing more can be read. */
  #failure: Error | null = null;

  constructor(source: PieceSource, events: RelayEvents) {
    this.#source = source;
    this.#events = events;
    source.onFailed = this.#sourceFailed;
  }

  get ended(): boolean {
    return this.#over;
  }

  async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#over) return END;
    let piece: ReadableStreamReadResult<Uint8Array>;
    try {
      piece = await this.#source.read();
    } catch (error) {
      return this.#broken(error);
    }
    if (this.#over) return END;
    if (!piece.done && piece.value.byteLength > 0) this.#events.onPiece(piece.value);
    if ((piece.done || this.#source.ended === true) && !this.#over) {
      this.#over = true;
      this.#events.onEnd();
    }
    return piece;
  }

  async cancel(reason?: unknown): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#events.onCancel();
    // The source may be aborted already, which is no concern of who cancels.
    await this.#source.cancel(reason).catch(() => {});
  }

  readonly #sourceFailed = (error: Error): void => {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error;
    this.#events.onBreak(error);
    this.onFailed?.(error);
  };

  #broken(error: unknown): ReadableStreamReadResult<Uint8Array> {
    if (this.#over) return END;
    this.#over = true;
    const lastBytes = this.#events.onBreak(error);
    if (lastBytes === null) throw error;
    return { done: false, value: lastBytes };
  }
}
