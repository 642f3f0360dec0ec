/** Values that a GGUF header can hold here. Whole numbers are written as `uint32`, marked ones as what they say. */
export type GgufValue =
  | string
  | number
  | boolean
  | { readonly float32: number }
  | { readonly strings: readonly string[] }
  | { readonly float32s: readonly number[] }
  | { readonly int32s: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** Fastest dimension first, as ggml counts. */
  readonly shape: readonly number[];
  /** Of 32-bit floats. */
  readonly data: Float32Array;
}

/** Kinds of values in a header (ggml's `gguf_type`). */
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;
const TENSOR_F32 = 0;
/** Every tensor begins at a multiple of it (`general.alignment`'s default). */
const ALIGNMENT = 32;

/** A model file of GGUF version 3, little-endian (github.com/ggml-org/ggml, docs/gguf.md). */
export function ggufFile(header: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Buffer {
  const head = new Writer();
  head.bytes(Buffer.from("GGUF"));
  head.uint32(3);
  head.uint64(tensors.length);
  head.uint64(Object.keys(header).length);
  for (const [key, value] of Object.entries(header)) {
    head.string(key);
    head.value(value);
  }
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    head.string(name);
    head.uint32(shape.length);
    for (const size of shape) head.uint64(size);
    head.uint32(TENSOR_F32);
    head.uint64(offset);
    offset = aligned(offset + data.byteLength);
  }
  const parts = [padded(head.toBuffer())];
  for (const { data } of tensors) parts.push(padded(Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  return Buffer.concat(parts);
}

class Writer {
  readonly #parts: Buffer[] = [];

  bytes(bytes: Buffer): void {
    this.#parts.push(bytes);
  }

  uint32(value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    this.bytes(bytes);
  }

  uint64(value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    this.bytes(bytes);
  }

  float32(value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.bytes(bytes);
  }

  string(text: string): void {
    const bytes = Buffer.from(text);
    this.uint64(bytes.length);
    this.bytes(bytes);
  }

  value(value: GgufValue): void {
    if (typeof value === "string") {
      this.uint32(STRING);
      this.string(value);
    } else if (typeof value === "number") {
      this.uint32(UINT32);
      this.uint32(value);
    } else if (typeof value === "boolean") {
      this.uint32(BOOL);
      this.bytes(Buffer.from([value ? 1 : 0]));
    } else if ("float32" in value) {
      this.uint32(FLOAT32);
      this.float32(value.float32);
    } else if ("strings" in value) {
      this.#array(STRING, value.strings, (text) => this.string(text));
    } else if ("float32s" in value) {
      this.#array(FLOAT32, value.float32s, (number) => this.float32(number));
    } else {
      this.#array(INT32, value.int32s, (number) => this.uint32(number >>> 0));
    }
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #array<T>(kind: number, values: readonly T[], write: (value: T) => void): void {
    this.uint32(ARRAY);
    this.uint32(kind);
    this.uint64(values.length);
    for (const value of values) write(value);
  }
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}
