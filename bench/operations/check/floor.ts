import { readFileSync } from "node:fs";
import { main } from "assemblyscript/asc";
import { writersTo } from "../../../dist/tree/writers.js";

/** Bytes of the window, as the package's. */
const WINDOW_BYTES = 16384;
const PAGE = 65536;

/**
 * What a match cannot do without: the text crosses into a window as the package lets it cross (a byte a unit, or two for
 * CJK, by the package's own writers), and one `v128` compare reads it and an equal text elsewhere.
 *
 * The equal texts take about as much cache as the tree's: a text that begins another one lies in that one's bytes, so that
 * only the longest text of each conversation is kept. They are the larger by the system prompts, which the tree keeps once
 * and the floor once a conversation: one compare needs a text in one piece.
 */
export class Floor {
  readonly #texts: readonly string[];
  readonly #addresses: Uint32Array;
  readonly #crossing: Crossing;
  readonly #equal: Equal;

  private constructor(texts: readonly string[], addresses: Uint32Array, crossing: Crossing, equal: Equal) {
    this.#texts = texts;
    this.#addresses = addresses;
    this.#crossing = crossing;
    this.#equal = equal;
  }

  /** @param wide whether the texts cross as UTF-16; else all of them are ASCII. */
  static async create(texts: readonly string[], wide: boolean): Promise<Floor> {
    const { owners, offsets, bytes } = layOut(texts, wide ? 2 : 1);
    const memory = new WebAssembly.Memory({ initial: 1 + Math.ceil((WINDOW_BYTES + bytes) / PAGE) });
    const { instance } = await WebAssembly.instantiate(await compile(), { env: { memory } });
    const encoding = wide ? "utf16le" : "latin1";
    const target = Buffer.from(memory.buffer);
    const addresses = offsets.map((offset) => offset + WINDOW_BYTES);
    owners.forEach((owner, i) => {
      if (owner === i) target.write(texts[i]!, addresses[i]!, encoding);
    });
    const crossing = crossingTo(memory.buffer, wide);
    return new Floor(texts, addresses, crossing, instance.exports.equal as Equal);
  }

  /** Text `index` crosses and is compared. */
  cross(index: number): void {
    const text = this.#texts[index]!;
    let address = this.#addresses[index]!;
    for (let from = 0; from < text.length; ) {
      const units = this.#crossing.write(text, from);
      const bytes = units * this.#crossing.bytesAUnit;
      if (!this.#equal(0, address, bytes)) throw new Error(`text ${index} differs from its copy`);
      address += bytes;
      from += units;
    }
  }
}

/** floor/equal.ts; gives 1 or 0. */
type Equal = (left: number, right: number, bytes: number) => number;

interface Crossing {
  readonly bytesAUnit: number;
  /** Writes a piece from unit `from` on to the window at address 0. Returns its units. */
  write(text: string, from: number): number;
}

/** With the package's own writers, and nothing of what it does around them. */
function crossingTo(buffer: ArrayBuffer, wide: boolean): Crossing {
  const writers = writersTo(buffer, 0, WINDOW_BYTES);
  const bytesAUnit = wide ? 2 : 1;
  const most = WINDOW_BYTES / bytesAUnit;
  const write: (text: string) => unknown = wide ? writers.wide : writers.narrow;
  return {
    bytesAUnit,
    write(text, from) {
      const piece = from === 0 && text.length <= most ? text : text.slice(from, from + most);
      if (write(piece) === false) throw new Error("a text with a unit above 0xFF");
      return piece.length;
    },
  };
}

/** For each text the text whose bytes it lies in (often itself) and where those begin. */
function layOut(
  texts: readonly string[],
  bytesAUnit: number,
): { owners: number[]; offsets: Uint32Array; bytes: number } {
  const order = texts.map((_, i) => i).sort((a, b) => (texts[a]! < texts[b]! ? 1 : -1));
  const owners: number[] = new Array(texts.length);
  const offsets = new Uint32Array(texts.length);
  let bytes = 0;
  let owner: number | undefined;
  // In falling order a text comes after those that it begins.
  for (const i of order) {
    if (owner === undefined || !texts[owner]!.startsWith(texts[i]!)) {
      owner = i;
      offsets[i] = bytes;
      bytes += texts[i]!.length * bytesAUnit;
    }
    owners[i] = owner;
    offsets[i] = offsets[owner]!;
  }
  return { owners, offsets, bytes };
}

async function compile(): Promise<Uint8Array<ArrayBuffer>> {
  const source = readFileSync(new URL("./floor/equal.ts", import.meta.url), "utf8");
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const options = [
    "equal.ts",
    "--runtime",
    "stub",
    "--importMemory",
    "--enable",
    "simd",
    "-O3",
    "--outFile",
    "equal.wasm",
  ];
  const { error, stderr } = await main(options, {
    readFile: (name) => (name === "equal.ts" ? source : null),
    writeFile: (_name, contents) => {
      binary = new Uint8Array(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`asc: ${stderr.toString()}`);
  return binary;
}
