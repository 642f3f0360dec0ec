import { END, type Piece, type PieceSource } from "../relay.js";
import type { IncomingMessage } from "./node-types.js";

/** A body of `node:http`, piece by piece; the socket is read only while a piece is wanted. */
export class IncomingPieces implements PieceSource {
  readonly #incoming: IncomingMessage;
  readonly #pieces: Uint8Array[] = [];
  /** Of those that `content-length` announces; NaN where it does not. */
  #leftBytes: number;
  #end: { readonly error: Error | null } | null = null;
  #waiting: { resolve(result: Piece): void; reject(error: Error): void } | null = null;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
    this.#leftBytes = Number(incoming.headers["content-length"]);
    incoming.on("data", (piece: Uint8Array) => this.#take(piece));
    incoming.on("end", () => this.#finish(null));
    incoming.on("error", (error: Error) => this.#finish(error));
    incoming.on("close", () => {
      // An error costs as much as all the rest here: it is made only for who is told it.
      if (this.#end === null) this.#finish(new Error("the client left before its request was whole"));
    });
  }

  /** Once all that was announced is there, before the stream says that it has ended. */
  get ended(): boolean {
    return this.#pieces.length === 0 && (this.#leftBytes === 0 || this.#end?.error === null);
  }

  read(): Promise<Piece> {
    const value = this.#pieces.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#end !== null) return this.#end.error === null ? Promise.resolve(END) : Promise.reject(this.#end.error);
    this.#incoming.resume();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async cancel(): Promise<void> {
    this.#pieces.length = 0;
    this.#finish(null);
  }

  #take(value: Uint8Array): void {
    if (this.#end !== null) return;
    this.#leftBytes -= value.byteLength;
    if (this.#waiting === null) {
      this.#pieces.push(value);
      this.#incoming.pause();
      return;
    }
    const { resolve } = this.#waiting;
    this.#waiting = null;
    resolve({ done: false, value });
  }

  #finish(error: Error | null): void {
    if (this.#end !== null) return;
    this.#end = { error };
    if (this.#waiting === null) return;
    if (error === null) this.#waiting.resolve(END);
    else this.#waiting.reject(error);
    this.#waiting = null;
  }
}
