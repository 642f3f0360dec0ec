/** A piece, or that there is none left. */
export type Piece = ReadableStreamReadResult<Uint8Array>;

/** Of a source that has ended. */
export const END: Piece = { done: true, value: undefined };

/** Where the pieces come from: the reader of a stream. */
export interface PieceSource extends Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel"> {
  /** Whether nothing comes after what was read, where that is known already: then nobody need wait to be told. */
  readonly ended?: boolean;
  /** As `read` where it need not wait, else null: a promise costs more than what is done with a piece. */
  takeReady?(): Piece | null;
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

  takeReady(): Piece | null {
    if (this.#failure !== null) throw this.#failure;
    if (this.#over) return END;
    const piece = this.#source.takeReady?.() ?? null;
    return piece === null ? null : this.#passed(piece);
  }

  async read(): Promise<Piece> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#over) return END;
    let piece: Piece;
    try {
      piece = await this.#source.read();
    } catch (error) {
      return this.#broken(error);
    }
    return this.#over ? END : this.#passed(piece);
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

  #passed(piece: Piece): Piece {
    if (!piece.done && piece.value.byteLength > 0) this.#events.onPiece(piece.value);
    if ((piece.done || this.#source.ended === true) && !this.#over) {
      this.#over = true;
      this.#events.onEnd();
    }
    return piece;
  }

  #broken(error: unknown): Piece {
    if (this.#over) return END;
    this.#over = true;
    const lastBytes = this.#events.onBreak(error);
    if (lastBytes === null) throw error;
    return { done: false, value: lastBytes };
  }
}
