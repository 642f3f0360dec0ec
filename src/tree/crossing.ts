import { WIDE, WINDOW_BYTES } from "./core.js";

/** Below this length two ways of writing differ too little to tell them apart. */
const PROBE_UNITS = 2048;
const PROBE_RUNS = 5;
const MOST_SKIPPED = 1024;

const encoder = new TextEncoder();

/**
 * Writes texts into the core's window, piece by piece: a byte a unit where a piece is ASCII, two bytes a unit elsewhere.
 *
 * `encodeInto` is the fast way for ASCII and, on most runtimes, by far the slowest for anything else: 9 µs where writing
 * UTF-16 takes 0.2. So a text that looks like another, or comes after one that was, is written as UTF-16 at once; after
 * a failure ASCII is tried again at growing distances. What the core stores does not depend on the way.
 */
export class Crossing {
  readonly #memory: WebAssembly.Memory;
  readonly #window: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #writer: Utf16Writer | null = null;
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
  }

  /** Writes a piece of `text` from unit `from` on. Returns its length in units: it never ends inside a surrogate pair. */
  write(text: string, from: number): number {
    const bytes = this.windowBytes();
    if (this.#skip > 0) this.#skip--;
    else if (looksAscii(text, from)) {
      const piece = from === 0 && text.length <= WINDOW_BYTES ? text : text.slice(from, from + WINDOW_BYTES);
      const { read, written } = encoder.encodeInto(piece, bytes);
      if (read === written && read === piece.length) {
        this.form = 0;
        this.#penalty = 0;
        this.units = read;
        return read;
      }
      this.#penalty = Math.min(MOST_SKIPPED, this.#penalty * 2 + 1);
      this.#skip = this.#penalty;
    }
    return this.#writeWide(text, from);
  }

  /** The window. Growing memory has replaced the buffer of an older view, whose length then is 0. */
  windowBytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#memory.buffer, this.#window, WINDOW_BYTES);
    return this.#bytes;
  }

  /** The window's first `units` units, which the core has written with two bytes each. */
  read(units: number): string {
    return String.fromCharCode(...new Uint16Array(this.#memory.buffer, this.#window, units));
  }

  #writeWide(text: string, from: number): number {
    this.form = WIDE;
    let units = Math.min(text.length - from, WINDOW_BYTES >> 1);
    const end = from + units;
    if (units > 1 && isHighSurrogate(text.charCodeAt(end - 1)) && isLowSurrogate(text.charCodeAt(end))) units--;
    if (this.#writer === null || this.#writer.buffer !== this.#memory.buffer) {
      this.#writer = utf16Writer(this.#memory.buffer, this.#window);
    }
    this.#writer.write(text, from, units);
    this.units = units;
    return units;
  }
}

interface Utf16Writer {
  readonly buffer: ArrayBuffer;
  write(text: string, from: number, units: number): void;
}

/** The part of Node's Buffer that is used here; other runtimes may have none, or a slow one. */
interface NodeBuffer {
  from(buffer: ArrayBuffer, offset: number, length: number): { write(text: string, encoding: "utf16le"): number };
}

let bufferIsFaster: boolean | undefined;

function utf16Writer(buffer: ArrayBuffer, window: number): Utf16Writer {
  bufferIsFaster ??= probeBuffer();
  return bufferIsFaster ? bufferWriter(buffer, window) : loopWriter(buffer, window);
}

function bufferWriter(buffer: ArrayBuffer, window: number): Utf16Writer {
  const target = nodeBuffer()!.from(buffer, window, WINDOW_BYTES);
  return {
    buffer,
    write(text, from, units) {
      target.write(from === 0 && units === text.length ? text : text.slice(from, from + units), "utf16le");
    },
  };
}

function loopWriter(buffer: ArrayBuffer, window: number): Utf16Writer {
  const target = new Uint16Array(buffer, window, WINDOW_BYTES >> 1);
  return {
    buffer,
    write(text, from, units) {
      for (let i = 0; i < units; i++) target[i] = text.charCodeAt(from + i);
    },
  };
}

function nodeBuffer(): NodeBuffer | undefined {
  return (globalThis as { Buffer?: NodeBuffer }).Buffer;
}

/** Whether this runtime's Buffer writes UTF-16 rightly and no slower than a loop (Deno's takes four times as long). */
function probeBuffer(): boolean {
  if (typeof nodeBuffer()?.from !== "function") return false;
  const text = "\u4e2d\ud83d\ude00\ud83d".repeat(PROBE_UNITS >> 2);
  const [fast, loop] = [new ArrayBuffer(WINDOW_BYTES), new ArrayBuffer(WINDOW_BYTES)];
  const times = [bufferWriter(fast, 0), loopWriter(loop, 0)].map((writer) => leastTime(writer, text));
  const wanted = new Uint16Array(loop);
  return new Uint16Array(fast).every((unit, i) => unit === wanted[i]) && times[0]! <= times[1]!;
}

// Only chooses between two ways of writing the same bytes.
const clock: { now(): number } = performance;

/** In milliseconds; 0 where the clock stands still, as in Workers. */
function leastTime(writer: Utf16Writer, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < PROBE_RUNS; run++) {
    const start = clock.now();
    for (let i = 0; i < 4; i++) writer.write(text, 0, text.length);
    least = Math.min(least, clock.now() - start);
  }
  return least;
}

/** Looks at three units only. */
function looksAscii(text: string, from: number): boolean {
  const last = text.length - 1;
  if (from > last) return true;
  return (text.charCodeAt(from) | text.charCodeAt((from + last) >>> 1) | text.charCodeAt(last)) < 0x80;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}
