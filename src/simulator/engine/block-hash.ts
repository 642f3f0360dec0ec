import { BLOCK_SIZE } from "./block-pool.js";

/**
 * The hash of the full block that begins at `from`: of its tokens and, by way of its parent's hash, of all before it. 53 bits
 * from two 32-bit mixes (MurmurHash3's rounds), so that it is an exact JavaScript number.
 */
export function blockHash(parent: number, tokens: readonly number[], from: number): number {
  let a = Math.floor(parent / 4294967296) ^ 0x9747b28c;
  let b = parent | 0;
  for (let i = from; i < from + BLOCK_SIZE; i++) {
    const token = Math.imul(tokens[i]!, 0xcc9e2d51);
    a = Math.imul(rotate(a ^ token, 13), 5) + 0x6546b64;
    b = Math.imul(rotate(b ^ rotate(token, 15), 17), 9) + 0x561ccd1b;
  }
  return (finish(a) >>> 11) * 4294967296 + (finish(b) >>> 0);
}

/** The parent of a first block: keeps the caches of different tenants (`salt`) and LoRA adapters apart. */
export function rootHash(salt: string, adapter = ""): number {
  return (textHash(adapter) >>> 11) * 4294967296 + textHash(salt);
}

/** 32-bit FNV-1a over the UTF-16 units; 0 for no text. */
function textHash(text: string): number {
  if (text === "") return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function finish(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
