import type { TreeCore } from "./core.js";

/**
 * A snapshot, version 1; all numbers little-endian, texts as UTF-16 units:
 *
 *     0  "warmtree"                        32  number of the last insert u32
 *     8  version u32                       36  tenants u32
 *    12  0                                 40  namespaces u32
 *    16  length in bytes f64               44  nodes u32, without the tree's root
 *    24  checksum u64 of all from 32 on    48  …
 *
 *    tenants     root time f64 | units u32 | name
 *    namespaces  units u32 | key: "c" or "t" (characters, tokens), then, if it has a name, ":" and the name
 *    nodes       parent u32 (0: the tree's root, k: the k-th node) | namespace u32 (0, or k: the root of the k-th) | units u32 |
 *                bytes a unit u32 (1 if all are up to 0xFF, else 2)
 *    texts       of all nodes, one after the other
 *    entries     of each tenant: count u32, then, newest first, node u32 | insert u32 | time f64
 *
 * It holds what can be observed of a tree and nothing else, in an order that follows from that: the same calls give the same bytes.
 */
export const MAGIC = "warmtree";
export const VERSION = 1;
export const HEADER_BYTES = 48;
export const SUMMED_FROM = 32;
export const NODE_BYTES = 16;
export const ENTRY_BYTES = 16;

/** A snapshot that is none, or not a whole one, or of a tree that cannot be. */
export class SnapshotError extends Error {
  constructor(problem: string) {
    super(`not a snapshot that can be restored: ${problem}`);
    this.name = "SnapshotError";
  }
}

/** The checksum of a snapshot's bytes, by way of the core's window: [low, high]. */
export function checksum(core: TreeCore, window: Uint8Array, bytes: Uint8Array): [number, number] {
  core.sum_begin();
  for (let at = SUMMED_FROM; at < bytes.length; at += window.length) {
    const piece = bytes.subarray(at, at + window.length);
    window.set(piece);
    core.sum_add(piece.length);
  }
  return [core.sum_low() >>> 0, core.sum_high() >>> 0];
}
