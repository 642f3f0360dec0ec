import { END, type Piece, type PieceSource } from "../protocol/index.js";
import type { Dispatcher } from "./undici.js";

/** So much may be there unread before the connection is no longer read. */
const MOST_BYTES = 65_536;

/** An answer's body as undici gives it, for who reads it piece by piece. */
export class UpstreamPieces implements PieceSource {
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;
  #controller: Dispatcher.DispatchController | null = null;
  /** What it was aborted with before there was a controller. */
  #aborted: Error | null = null;
  #end: { readonly error: unknown; readonly failed: boolean } | null = null;
  #waiting: { resolve(result: Piece): void; reject(error: unknown): void } | null = null;

  get ended(): boolean {
    return this.#end?.failed === false && this.#pieces.length === 0;
  }

  begin(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted !== null) controller.abort(this.#aborted);
  }

  abort(reason: unknown): void {
    this.#aborted = reason instanceof Error ? reason : new Error(String(reason));
    if (this.#end === null) this.#controller?.abort(this.#aborted);
  }

  push(piece: Uint8Array): void {
    if (this.#end !== null) return;
    if (this.#waiting !== null) {
      const { resolve } = this.#waiting;
      this.#waiting = null;
      resolve({ done: false, value: piece });
      return;
    }
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
    if (this.#bytes > MOST_BYTES) this.#controller?.pause();
  }

  end(): void {
    this.#finish({ error: null, failed: false });
  }

  fail(error: unknown): void {
    this.#finish({ error, failed: true });
  }

  takeReady(): Piece | null {
    const value = this.#pieces.shift();
    if (value !== undefined) {
      this.#bytes -= value.byteLength;
      if (this.#controller?.paused === true && this.#bytes === 0) this.#controller.resume();
      return { done: false, value };
    }
    return this.#end?.failed === false ? END : null;
  }

  read(): Promise<Piece> {
    const ready = this.takeReady();
    if (ready !== null) return Promise.resolve(ready);
    if (this.#end !== null) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async cancel(reason: unknown = new Error("nobody reads the answer")): Promise<void> {
    this.#pieces.length = 0;
    if (this.#end !== null) return;
    this.#finish({ error: null, failed: false });
    this.#controller?.abort(reason instanceof Error ? reason : new Error(String(reason)));
  }

  #finish(end: { error: unknown; failed: boolean }): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (this.#waiting === null) return;
    const { resolve, reject } = this.#waiting;
    this.#waiting = null;
    if (end.failed) reject(end.error);
    else resolve(END);
  }
}
