import { FIRST, LAST, type TreeCore, WIDE, WINDOW_BYTES } from "./core.js";
import type { Crossing } from "./crossing.js";
import type { Expiry } from "./expiry.js";
import type { Namespaces } from "./namespaces.js";
import type { SnapshotContents } from "./snapshot-parse.js";
import type { Tenants } from "./tenants.js";

/** The parts of a tree that a snapshot is put into. */
export interface Restoring {
  readonly core: TreeCore;
  readonly tenants: Tenants;
  readonly namespaces: Namespaces;
  readonly descent: { readonly crossing: Crossing };
  readonly expiry: Expiry | null;
  readonly maxBytes: number;
}

/**
 * Puts the texts of all nodes of a snapshot into a tree, along what is there already, and splitting it where they leave it. The new nodes
 * are nobody's yet.
 * @param check is given each node's index, its address, and whether it has become a single new one; it may throw.
 * @returns by node, from 1 on, the address of the node it ends with; null when there is no room.
 */
export function graftNodes(
  { core, namespaces, descent }: Restoring,
  { nodes, namespaces: keys }: SnapshotContents,
  check?: (index: number, address: number, isNew: boolean) => void,
): Uint32Array | null {
  const { count, rows, starts, texts } = nodes;
  const { crossing } = descent;
  const ends = new Uint32Array(count + 1);
  // The bytes of the texts that the window holds: as many as it can at a time, since most texts are short.
  let heldFrom = 0;
  let heldTo = 0;
  for (let index = 0; index < count; index++) {
    const parent = ends[rows[4 * index]!]!;
    const namespace = rows[4 * index + 1]!;
    const wide = rows[4 * index + 3]! - 1;
    const from = starts[index]!;
    const to = starts[index + 1]!;
    let grafted: number;
    if (namespace > 0) {
      namespaces.selectKey(keys[namespace - 1]!, true);
      grafted = namespaces.root() || core.restore_namespace();
    } else if (to - from > WINDOW_BYTES) {
      grafted = graftLong(core, crossing, parent, texts.subarray(from, to), wide);
      heldTo = 0;
    } else {
      if (to > heldTo) {
        heldFrom = from;
        heldTo = Math.min(from + WINDOW_BYTES, texts.length);
        crossing.windowBytes().set(texts.subarray(heldFrom, heldTo));
      }
      grafted = core.graft(parent, from - heldFrom, rows[4 * index + 2]!, FIRST | LAST | wide);
    }
    if (grafted === 0) return null;
    ends[index + 1] = grafted & ~1;
    check?.(index, ends[index + 1]!, (grafted & 1) === 0);
  }
  return ends;
}

/** Gives a text to the core that is longer than the window, piece by piece, none ending inside a surrogate pair. 0 when there is no room. */
function graftLong(core: TreeCore, crossing: Crossing, parent: number, text: Uint8Array, wide: number): number {
  const units = text.length >>> wide;
  let grafted = 1;
  for (let from = 0, form = FIRST; from < units && grafted !== 0; form = 0) {
    let end = Math.min(units, from + (WINDOW_BYTES >>> wide));
    if (end < units && wide === WIDE && isHighSurrogate(text[2 * end - 1]!)) end--;
    crossing.windowBytes().set(text.subarray(from << wide, end << wide));
    grafted = core.graft(parent, 0, end - from, form | wide | (end === units ? LAST : 0));
    from = end;
  }
  return grafted;
}

/** By its upper byte. */
function isHighSurrogate(byte: number): boolean {
  return (byte & 0xfc) === 0xd8;
}
