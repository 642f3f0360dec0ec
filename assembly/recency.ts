import { removeChild } from "./edges";
import { removeNamespace } from "./namespaces";
import { findOwner, removeOwner, touchOf } from "./owners";
import { Node, Tenant, Touch, countCharacters, freeNode, freeTouch } from "./records";
import { firstUnits, freeText } from "./text";

/**
 * Each tenant's nodes from newest to oldest: a doubly linked list of its touches, the root's always the first, the rest in the
 * order of insert calls; within a touch the deepest node is the newest. Only a split tells another order: it puts the upper part
 * on the newer side of the lower. So the upper's reference is marked: nodes that are marked, and the one below them, are one group,
 * within which the upper node is the newer. A run is what lies together with one time.
 */

/** The tenant's touch of a node it owns, or null. */
export function findTouch(node: Node, tenant: Tenant): Touch | null {
  const at = findOwner(node, tenant);
  return at ? touchOf(load<u32>(at)) : null;
}

/** Whether the node's touch is this one, and marked. */
export function isMarked(node: Node, touch: Touch): bool {
  const at = findOwner(node, touch.tenant);
  return at != 0 && load<u32>(at) == <u32>(changetype<usize>(touch) | 1);
}

/** Makes a touch that is in no list the newest but the root's. */
export function linkNewest(touch: Touch): void {
  const tenant = touch.tenant;
  linkOlder(touch, tenant.root);
}

/** Puts a touch that is in no list on the older side of `newer`. */
export function linkOlder(touch: Touch, newer: Touch): void {
  const older = newer.older;
  touch.newer = newer;
  touch.older = older;
  newer.older = touch;
  if (older !== null) older.newer = touch;
  else touch.tenant.oldest = touch;
}

/** Ends a touch that has no nodes left. */
export function endTouch(touch: Touch): void {
  const newer = changetype<Touch>(touch.newer);
  const older = touch.older;
  newer.older = older;
  if (older !== null) older.newer = newer;
  else touch.tenant.oldest = newer;
  freeTouch(touch);
}

/**
 * Removes whole runs from the old end until at least `least` characters are gone or only the root is left.
 * Returns the characters removed.
 */
export function evictRuns(tenant: Tenant, least: u32): u32 {
  let removed: u32 = 0;
  while (removed < least && tenant.oldest !== tenant.root) {
    const time = tenant.oldest.time;
    do {
      removed += dropTouch(tenant.oldest);
    } while (tenant.oldest !== tenant.root && tenant.oldest.time == time);
  }
  return removed;
}

/**
 * Ends the tenant's ownership of all that a touch, which is not the root's, has left. Returns the characters of these nodes.
 *
 * Reads what the next touches will need: in a tree that is larger than the caches this lets the processor wait for several cache
 * lines at once, instead of for one after the other.
 */
export function dropTouch(touch: Touch): u32 {
  const next = changetype<Touch>(touch.newer);
  const second = next.newer;
  if (second !== null) {
    const ahead = next.deepest;
    read += load<u8>(firstUnits(ahead));
    read += changetype<Node>(ahead.parent).units + second.deepest.units;
  }
  let characters: u32 = 0;
  let node = touch.deepest;
  for (let left = touch.count; left; left--) {
    const above = changetype<Node>(node.parent);
    characters += disown(node, touch);
    node = above;
  }
  return characters;
}

/** So that the reads are not left out. */
let read: usize = 0;

/** Ends the tenant's ownership of the deepest node of a touch. Returns the node's characters. */
export function disown(node: Node, touch: Touch): u32 {
  assert(node === touch.deepest && node.parent !== null && touch.count);
  const tenant = touch.tenant;
  const characters = node.characters;
  countCharacters(tenant, -(<i32>characters));
  removeOwner(node, tenant, findOwner(node, tenant));
  touch.deepest = changetype<Node>(node.parent);
  if (!--touch.count) endTouch(touch);
  prune(node);
  return characters;
}

/**
 * Frees a node without owners, and then its ancestors. One that still has children waits for them, one on the path of the insert
 * under way for its end.
 */
export function prune(node: Node): void {
  while (!node.ownerCount && !node.children && !node.held && node.parent !== null) {
    const parent = changetype<Node>(node.parent);
    if (node.units) removeChild(parent, node);
    else removeNamespace(node);
    freeText(node);
    freeNode(node);
    node = parent;
  }
}
