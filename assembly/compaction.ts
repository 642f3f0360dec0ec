import { replaceChild } from "./edges";
import { joinTexts } from "./joining";
import { findOwner, freeOwners, isFirstOwner, ownedAlike } from "./owners";
import { Entry, Node, Tenant, freeNode } from "./records";

/**
 * Splits stay while they can be observed. Where a node and its only child have the same owners, each with the same time and
 * call and with the two next to each other in its recency list, nothing but the boundary itself tells them apart: they become one.
 *
 * All nodes that become one have the same first owner, in whose list they lie together; so one pass over all lists, looking at a
 * node only where its first owner has it, finds each chain once; one that has been joined may have come to lie next to another part.
 * O(entries + text moved) in all.
 */
export function joinNodesOf(tenant: Tenant): u32 {
  let joined: u32 = 0;
  let entry = tenant.root.older;
  while (entry !== null) {
    let each = changetype<Entry>(entry);
    if (isFirstOwner(each)) {
      let lowest: Node;
      let gone: u32;
      do {
        lowest = endOfChain(each.node);
        gone = joinUpwards(lowest);
        joined += gone;
        each = changetype<Entry>(findOwner(lowest, tenant));
      } while (gone);
    }
    entry = each.older;
  }
  return joined;
}

function endOfChain(node: Node): Node {
  let below = node.children;
  while (below && !(below & 1) && canJoin(changetype<Node>(below))) {
    node = changetype<Node>(below);
    below = node.children;
  }
  return node;
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
  return only && upper.units != 0 && lower.units != 0 && ownedAlike(upper, lower);
}
