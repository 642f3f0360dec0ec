import { KeyedHash } from "./keyed-hash.js";

/** Letters of a hash: 48 bits, 6 in each. */
const LETTERS = 8;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** No token id of a vocabulary is as large. */
const TOKEN_IDS = 1_000_000;

/**
 * What a journal of hashes has instead of texts: of each block of so many characters a hash of itself and of all that comes before
 * it, and one of what is left at the end. Equal hashes, equal prefixes; without the salt nobody can tell which text it was, nor try.
 */
export class BlockHashes {
  readonly #hash: KeyedHash;
  readonly #blockChars: number;

  /** @param blockChars characters of a block, a multiple of 4; of token ids a block is a quarter of it. */
  constructor(salt: string, blockChars: number) {
    const key = new KeyedHash(0x77617266, 0x6d6f7574);
    for (let i = 0; i < salt.length; i++) key.word(salt.charCodeAt(i));
    key.read();
    this.#hash = new KeyedHash(key.high, key.low);
    this.#blockChars = blockChars;
  }

  /** The hashes of a text, one after the other, 8 letters each. */
  ofText(text: string): string {
    return this.#read(text, TEXT, this.#blockChars);
  }

  ofTokens(tokens: readonly number[]): string {
    const blockTokens = this.#blockChars / 4;
    this.#begin(TOKENS);
    let letters = "";
    for (let i = 0; i < tokens.length; i++) {
      this.#hash.word(tokens[i]!);
      if ((i + 1) % blockTokens === 0) letters += this.#letters();
    }
    return tokens.length % blockTokens === 0 ? letters : letters + this.#letters();
  }

  /** One hash of a name. */
  ofName(name: string): string {
    return name === "" ? "" : this.#read(name, NAME, 2 ** 30);
  }

  /** Four ASCII characters are one word, any other one is a word of its own, with a bit that no ASCII has. */
  #read(text: string, kind: number, blockChars: number): string {
    const hash = this.#hash;
    this.#begin(kind);
    let letters = "";
    let left = blockChars;
    let at = 0;
    while (at < text.length) {
      const words = hash.ascii(text, at, left >> 2);
      at += 4 * words;
      left -= 4 * words;
      if (left === 0) {
        letters += this.#letters();
        left = blockChars;
        continue;
      }
      if (at === text.length) break;
      const point = text.codePointAt(at)!;
      hash.word(point | 0x80000000);
      at += point > 0xffff ? 2 : 1;
      if (--left === 0) {
        letters += this.#letters();
        left = blockChars;
      }
    }
    return left === blockChars ? letters : letters + this.#letters();
  }

  #begin(kind: number): void {
    this.#hash.begin();
    this.#hash.word(kind);
  }

  #letters(): string {
    const hash = this.#hash;
    hash.read();
    return fourLetters(hash.high) + fourLetters(hash.low);
  }
}

// What is hashed: a text and a name of the same characters have nothing in common.
const TEXT = 1;
const TOKENS = 2;
const NAME = 3;

/** All pairs of letters: joining single ones takes as long as the hash itself. Made when first needed. */
let pairs: readonly string[] | null = null;

function fourLetters(word: number): string {
  pairs ??= Array.from({ length: 4096 }, (_, i) => ALPHABET[i & 63]! + ALPHABET[i >> 6]!);
  return pairs[word & 4095]! + pairs[(word >>> 12) & 4095]!;
}

/** How many letters the hashes of so many characters have. */
export function lettersOf(chars: number, blockChars: number): number {
  return LETTERS * Math.ceil(chars / blockChars);
}

/** A text of so many characters that stands for the one of these hashes: each block is its hash's letters, again and again. */
export function standInText(hashes: string, chars: number, blockChars: number): string {
  let text = "";
  for (let at = 0; at < hashes.length; at += LETTERS) {
    const length = Math.min(blockChars, chars - text.length);
    text += hashes
      .slice(at, at + LETTERS)
      .repeat(Math.ceil(length / LETTERS))
      .slice(0, length);
  }
  return text;
}

/** As `standInText`: token ids, of which a block has a quarter of its characters. */
export function standInTokens(hashes: string, count: number, blockChars: number): number[] {
  const blockTokens = blockChars / 4;
  return Array.from({ length: count }, (_, i) => {
    const at = LETTERS * Math.floor(i / blockTokens) + (i % 2) * 4;
    let word = 0;
    for (let letter = 3; letter >= 0; letter--) word = word * 64 + ALPHABET.indexOf(hashes[at + letter]!);
    return word % TOKEN_IDS;
  });
}
