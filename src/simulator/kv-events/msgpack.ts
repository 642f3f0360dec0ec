/** A number that is packed as float64 though it may be whole. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type Packable = null | number | string | Float | readonly Packable[] | PackableMap;

export interface PackableMap {
  readonly [field: string]: Packable;
}

/** MessagePack of plain data: numbers are whole, 0 to 2^53 − 1, in the shortest form; maps in the order of their fields. */
export function msgpack(value: Packable): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.write(value);
  return writer.written();
}

class Writer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  write(value: Packable): void {
    if (value === null) this.#byte(0xc0);
    else if (typeof value === "number") this.#whole(value);
    else if (typeof value === "string") this.#text(value);
    else if (value instanceof Float) this.#float(value.value);
    else if (Array.isArray(value)) {
      this.#head(value.length, 0x90, 0xdc);
      for (const item of value as readonly Packable[]) this.write(item);
    } else {
      const fields = Object.entries(value as PackableMap);
      this.#head(fields.length, 0x80, 0xde);
      for (const [name, item] of fields) {
        this.#text(name);
        this.write(item);
      }
    }
  }

  #whole(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number, 0 or more: ${value}`);
    if (value < 0x80) this.#byte(value);
    else if (value <= 0xff) this.#tagged(0xcc, 1, value);
    else if (value <= 0xffff) this.#tagged(0xcd, 2, value);
    else if (value <= 0xffff_ffff) this.#tagged(0xce, 4, value);
    else {
      const at = this.#reserve(9);
      this.#view.setUint8(at, 0xcf);
      this.#view.setBigUint64(at + 1, BigInt(value));
    }
  }

  #float(value: number): void {
    const at = this.#reserve(9);
    this.#view.setUint8(at, 0xcb);
    this.#view.setFloat64(at + 1, value);
  }

  #text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length);
    else if (bytes.length <= 0xff) this.#tagged(0xd9, 1, bytes.length);
    else if (bytes.length <= 0xffff) this.#tagged(0xda, 2, bytes.length);
    else this.#tagged(0xdb, 4, bytes.length);
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Of an array or a map: up to 15 items in the first byte, else 16 or 32 bits after the tag. */
  #head(length: number, short: number, tag: number): void {
    if (length < 16) this.#byte(short | length);
    else if (length <= 0xffff) this.#tagged(tag, 2, length);
    else this.#tagged(tag + 1, 4, length);
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  #tagged(tag: number, size: 1 | 2 | 4, value: number): void {
    const at = this.#reserve(1 + size);
    this.#view.setUint8(at, tag);
    if (size === 1) this.#view.setUint8(at + 1, value);
    else if (size === 2) this.#view.setUint16(at + 1, value);
    else this.#view.setUint32(at + 1, value);
  }

  /** Room for so many bytes; where they begin. */
  #reserve(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(2 ** (32 - Math.clz32(this.#at)));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}
