import { replaceChild } from "./edges";
import { joinTexts } from "./joining";
import { freeOwners, references, touchOf } from "./owners";
import { findTouch, isMarked } from "./recency";
import { Node, Tenant, Touch, freeNode } from "./records";

/**
 * Splits stay while they can be observed. Where a node and its only child have the same owners, each by one touch and with the two next
 * to each other in its recency list, nothing but the boundary itself tells them apart: they become one.
 *
 * All nodes that become one have the same first owner, by one touch; so looking at the nodes of each touch where its tenant is their
 * first owner finds them all. Joining may bring others next to each other: then once more. O(entries + text moved) in all.
 */
export function joinNodesOf(tenant: Tenant): u32 {
  let joined: u32 = 0;
  let touch = tenant.root.older;
  while (touch !== null) {
    let gone: u32;
    do {
      gone = joinNodesOfTouch(changetype<Touch>(touch));
      joined += gone;
    } while (gone);
    touch = changetype<Touch>(touch).older;
  }
  return joined;
}

function joinNodesOfTouch(touch: Touch): u32 {
  let joined: u32 = 0;
  let node = touch.deepest;
  do {
    if (touchOf(load<u32>(references(node))) === touch) joined += joinUpwards(node);
    node = changetype<Node>(node.parent);
  } while (findTouch(node, touch.tenant) === touch);
  return joined;
}

/** Joins a node with all above it that it can be joined with, if there is room for their text in one piece. */
function joinUpwards(lower: Node): u32 {
  let upper = lower;
  let count: u32 = 0;
  while (canJoin(upper)) {
    upper = changetype<Node>(upper.parent);
    count++;
  }
  if (!count || !joinTexts(upper, lower)) return 0;
  let each = changetype<Node>(lower.parent);
  const above = changetype<Node>(upper.parent);
  replaceChild(above, upper, lower);
  lower.key = upper.key;
  while (each !== above) {
    const next = changetype<Node>(each.parent);
    const from = references(each);
    for (let at = from; at < from + (<usize>each.ownerCount << 2); at += 4) touchOf(load<u32>(at)).count--;
    freeOwners(each);
    freeNode(each);
    each = next;
  }
  return count;
}

/** Whether it can become one with its parent. Roots, which have no text, stay. */
function canJoin(lower: Node): bool {
  const upper = changetype<Node>(lower.parent);
  const only = upper.children == changetype<usize>(lower) && lower.sibling === null;
  return only && upper.units != 0 && lower.units != 0 && areOwnedAlike(upper, lower);
}

function areOwnedAlike(upper: Node, lower: Node): bool {
  if (upper.ownerCount != lower.ownerCount) return false;
  const above = changetype<Node>(upper.parent);
  const uppers = references(upper);
  const lowers = references(lower);
  for (let at: usize = 0; at < <usize>upper.ownerCount << 2; at += 4) {
    const reference = load<u32>(uppers + at);
    const touch = touchOf(reference);
    if (touchOf(load<u32>(lowers + at)) !== touch) return false;
    // In one group they are next to each other. Of two groups, if each has no other node.
    if (reference & 1) continue;
    if ((load<u32>(lowers + at) & 1 && lower !== touch.deepest) || isMarked(above, touch)) return false;
  }
  return true;
}
