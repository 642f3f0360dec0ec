import { WIDE, WINDOW_BYTES } from "./core.js";
import { type Writers, writersTo } from "./writers.js";

const MOST_SKIPPED = 1024;

/**
 * Writes texts into the core's window, piece by piece: a byte a unit where a piece allows it, two bytes a unit elsewhere.
 *
 * To find that a text does not allow a byte a unit takes much longer than writing it: 1.7 µs where that takes 0.12. So one that looks
 * as if it did not, or comes after one that did not, is written with two at once; after a failure one byte is tried again at
 * growing distances. What the core stores does not depend on the way.
 */
export class Crossing {
  readonly #memory: WebAssembly.Memory;
  readonly #window: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #writers: Writers;
  #skip = 0;
  #penalty = 0;

  /** WIDE when the last piece was written with two bytes a unit, else 0. */
  form = 0;
  /** Length of the last piece in units. */
  units = 0;

  constructor(memory: WebAssembly.Memory, window: number) {
    this.#memory = memory;
    this.#window = window;
    this.#bytes = new Uint8Array(memory.buffer, window, WINDOW_BYTES);
    this.#writers = writersTo(memory.buffer, window, WINDOW_BYTES);
  }

  /** Writes a piece of `text` from unit `from` on. Returns its length in units: it never ends inside a surrogate pair. */
  write(text: string, from: number): number {
    this.windowBytes();
    if (this.#skip > 0) this.#skip--;
    else if (looksNarrow(text, from)) {
      const piece = from === 0 && text.length <= WINDOW_BYTES ? text : text.slice(from, from + WINDOW_BYTES);
      if (this.#writers.narrow(piece)) {
        this.form = 0;
        this.#penalty = 0;
        this.units = piece.length;
        return this.units;
      }
      this.#penalty = Math.min(MOST_SKIPPED, this.#penalty * 2 + 1);
      this.#skip = this.#penalty;
    }
    return this.#writeWide(text, from);
  }

  /** The window. Growing memory has replaced the buffer of an older view, whose length then is 0. */
  windowBytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === 0) {
      this.#bytes = new Uint8Array(this.#memory.buffer, this.#window, WINDOW_BYTES);
      this.#writers = writersTo(this.#memory.buffer, this.#window, WINDOW_BYTES);
    }
    return this.#bytes;
  }

  /** The window's first `units` units, which the core has written with two bytes each. */
  read(units: number): string {
    return String.fromCharCode(...new Uint16Array(this.#memory.buffer, this.#window, units));
  }

  #writeWide(text: string, from: number): number {
    let units = Math.min(text.length - from, WINDOW_BYTES >> 1);
    const end = from + units;
    if (units > 1 && isHighSurrogate(text.charCodeAt(end - 1)) && isLowSurrogate(text.charCodeAt(end))) units--;
    this.#writers.wide(from === 0 && units === text.length ? text : text.slice(from, from + units));
    this.form = WIDE;
    this.units = units;
    return units;
  }
}

/** Looks at three units only. */
function looksNarrow(text: string, from: number): boolean {
  const last = text.length - 1;
  if (from > last) return true;
  return (text.charCodeAt(from) | text.charCodeAt((from + last) >>> 1) | text.charCodeAt(last)) <= 0xff;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
