import { isMarked } from "./recency";
import { Node, Tenant, Touch } from "./records";

/** Writes a tenant's recency list, newest first: rows of `node u32 | call u32 | time f64`, as many at a time as there is place for. */

let touch: Touch | null = null;
/** Nodes of the touch above the group, that group's lowest node, how many nodes it has, and how many of them are written. */
let left: u32 = 0;
let lowest: Node = changetype<Node>(0);
let size: u32 = 0;
let written: u32 = 0;
let above: Node | null = null;

export function beginListing(tenant: Tenant): void {
  enter(tenant.root);
}

/** Returns how many rows; 0 at the end. */
export function listRows(to: usize, most: u32): u32 {
  let rows: u32 = 0;
  while (touch !== null) {
    const listed = changetype<Touch>(touch);
    const count = min(most - rows, size - written);
    let node = lowest;
    for (let skipped = size - written - count; skipped; skipped--) node = changetype<Node>(node.parent);
    for (let row = rows + count; row > rows; row--) {
      const at = to + (<usize>(row - 1) << 4);
      store<u32>(at, <u32>changetype<usize>(node));
      store<u32>(at, listed.call, 4);
      store<f64>(at, listed.time, 8);
      node = changetype<Node>(node.parent);
    }
    rows += count;
    written += count;
    if (written < size) break;
    if (left) group(changetype<Node>(above));
    else enter(listed.older);
  }
  return rows;
}

function enter(next: Touch | null): void {
  touch = next;
  if (next === null) return;
  left = next.count;
  group(next.deepest);
}

/** Within a group the upper nodes come first. */
function group(from: Node): void {
  lowest = from;
  size = 1;
  written = 0;
  above = from.parent;
  while (size < left && isMarked(changetype<Node>(above), changetype<Touch>(touch))) {
    above = changetype<Node>(above).parent;
    size++;
  }
  left -= size;
}
