import { LAST, TAKEN, type TreeCore, WINDOW_BYTES } from "./core.js";
import type { Crossing } from "./crossing.js";
import type { Expiry } from "./expiry.js";
import type { Namespaces } from "./namespaces.js";
import type { SnapshotContents, SnapshotNode } from "./snapshot-parse.js";
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
 * Puts the texts of all nodes of a snapshot into a tree that has its tenants, along what is there already, and splitting it where they
 * leave it. The new nodes are nobody's yet.
 * @param check is given each node, its address, and whether it has become a single new one; it may throw.
 * @returns by node, from 1 on, the address of the node it ends with; null when there is no room.
 */
export function graftNodes(
  { core, tenants, namespaces, descent }: Restoring,
  contents: SnapshotContents,
  check?: (node: SnapshotNode, address: number, isNew: boolean) => void,
): Uint32Array | null {
  const ends = new Uint32Array(contents.nodes.length + 1);
  // For whom a text is grafted does not matter. Where there are nodes there are tenants.
  const anyone = [...tenants][0]?.address ?? 0;
  for (let index = 0; index < contents.nodes.length; index++) {
    const node = contents.nodes[index]!;
    let isNew = true;
    if (node.namespace > 0) {
      namespaces.selectKey(contents.namespaces[node.namespace - 1]!, true);
      ends[index + 1] = namespaces.root() || core.restore_namespace();
    } else {
      core.graft(ends[node.parent]!);
      if (!cross(core, descent.crossing, node, anyone)) return null;
      const grafted = core.grafted();
      isNew = (grafted & 1) === 0;
      ends[index + 1] = grafted & ~1;
    }
    if (ends[index + 1] === 0) return null;
    check?.(node, ends[index + 1]!, isNew);
  }
  return ends;
}

/** Gives a node's text to the core, piece by piece, none ending inside a surrogate pair. False when there is no room. */
function cross(core: TreeCore, crossing: Crossing, { text, units, wide }: SnapshotNode, tenant: number): boolean {
  for (let from = 0; from < units; ) {
    let end = Math.min(units, from + (WINDOW_BYTES >> wide));
    if (end < units && wide !== 0 && isHighSurrogate(text[2 * end - 1]!)) end--;
    crossing.windowBytes().set(from === 0 && end === units ? text : text.subarray(from * (1 + wide), end * (1 + wide)));
    if (core.insert(end - from, wide | (end === units ? LAST : 0), tenant, 0) !== TAKEN) return false;
    from = end;
  }
  return true;
}

/** By its upper byte. */
function isHighSurrogate(byte: number): boolean {
  return (byte & 0xfc) === 0xd8;
}
