import { FIRST, RESULTS, type TreeCore, WINDOW, WINDOW_BYTES } from "./core.js";

/**
 * A snapshot, version 2; all numbers little-endian, texts as UTF-16 units, every section and every name from a multiple of 8 on:
 *
 *     0  "warmtree"                        32  number of the last insert u32
 *     8  version u32                       36  tenants u32
 *    12  0                                 40  namespaces u32
 *    16  length in bytes f64               44  nodes u32, without the tree's root
 *    24  checksum u64 of all from 32 on    48  the latest time given, f64; -Infinity without ttlSecs
 *
 *    tenants     root time f64 | entries u32, without the root's | units u32 | name
 *    namespaces  0 | units u32 | key: "c" or "t" (characters, tokens), then, if it has a name, ":" and the name
 *    nodes       parent u32 (0: the tree's root, k: the k-th node) | namespace u32 (0, or k: the root of the k-th) | units u32 |
 *                bytes a unit u32 (1 if all are up to 0xFF, else 2)
 *    entries     of each tenant, newest first: node u32 | insert u32 | time f64
 *    texts       of all nodes, one after the other
 *
 * It holds what can be observed of a tree and nothing else, in an order that follows from that: the same calls give the same bytes.
 */
export const MAGIC = "warmtree";
export const VERSION = 2;
export const HEADER_BYTES = 56;
export const SUMMED_FROM = 32;
export const TENANT_BYTES = 16;
export const NAMESPACE_BYTES = 8;
export const NODE_BYTES = 16;
export const ENTRY_BYTES = 16;

/** The next multiple of 8. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** A snapshot that is none, or not a whole one, or of a tree that cannot be. */
export class SnapshotError extends Error {
  constructor(problem: string) {
    super(`not a snapshot that can be restored: ${problem}`);
    this.name = "SnapshotError";
  }
}

/** The checksum of a snapshot's bytes, by way of the core's window: [low, high]. */
export function checksum(core: TreeCore, bytes: Uint8Array): [number, number] {
  const window = new Uint8Array(core.memory.buffer, WINDOW, WINDOW_BYTES);
  for (let at = SUMMED_FROM, form = FIRST; at < bytes.length; at += WINDOW_BYTES, form = 0) {
    const piece = bytes.subarray(at, at + WINDOW_BYTES);
    const padded = Math.ceil(piece.length / 32) * 32;
    window.set(piece);
    window.fill(0, piece.length, padded);
    core.sum(padded, form);
  }
  const [low, high] = new Uint32Array(core.memory.buffer, RESULTS, 2);
  return [low!, high!];
}
