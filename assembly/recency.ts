import { removeChild } from "./edges";
import { removeOwner } from "./owners";
import { Entry, Node, Tenant, countCharacters, freeEntry, freeNode } from "./records";
import { extentBytes } from "./extents";
import { firstExtent, freeText, isInline } from "./text";
import { removeNamespace } from "./namespaces";

/**
 * Each tenant's nodes from newest to oldest: a doubly linked list of its entries, the root's always the first, the
 * rest in the order of insert calls, within a call the deepest node the newest. A run is what lies together with one time.
 */

/** Puts an entry that is in no list on the newer side of `entry`, which is not the root's. */
export function linkNewer(entry: Entry, older: Entry): void {
  const newer = changetype<Entry>(older.newer);
  entry.newer = newer;
  entry.older = older;
  newer.older = entry;
  older.newer = entry;
}

/** Puts an entry that is in no list on the older side of `newer`. */
export function linkOlder(entry: Entry, newer: Entry): void {
  const older = newer.older;
  entry.newer = newer;
  entry.older = older;
  newer.older = entry;
  if (older !== null) older.newer = entry;
  else entry.tenant.oldest = entry;
}

/** Moves an entry to the older side of `newer`. */
export function moveOlder(entry: Entry, newer: Entry): void {
  if (entry.newer === newer) return;
  unlink(entry);
  linkOlder(entry, newer);
}

/**
 * Removes whole runs from the old end until at least `least` characters are gone or only the root is left.
 * Whole runs, because within a call an ancestor is older than its descendants. Returns the characters removed.
 */
export function evictRuns(tenant: Tenant, least: u32): u32 {
  let removed: u32 = 0;
  while (removed < least && tenant.oldest !== tenant.root) {
    const time = tenant.oldest.time;
    do {
      removed += dropOldest(tenant);
    } while (tenant.oldest !== tenant.root && tenant.oldest.time == time);
  }
  return removed;
}

/**
 * Drops the tenant's oldest entry, which is not the root's, and reads what the next two will need: in a tree that is larger than the
 * caches this lets the processor wait for several cache lines at once, instead of for one after the other.
 */
export function dropOldest(tenant: Tenant): u32 {
  const entry = tenant.oldest;
  const next = changetype<Entry>(entry.newer);
  const second = next.newer;
  if (second !== null) {
    const node = next.node;
    if (!isInline(node)) read += extentBytes(firstExtent(node));
    if (second.newer !== null) read += changetype<Entry>(second.newer).call;
    read += changetype<Node>(node.parent).units + load<u32>(node.owners & ~1) + second.node.units;
  }
  return drop(entry);
}

/** So that the reads are not left out. */
let read: usize = 0;

/** Ends a tenant's ownership of a node. Returns the node's characters. */
export function drop(entry: Entry): u32 {
  const node = entry.node;
  const characters = node.characters;
  countCharacters(entry.tenant, -(<i32>characters));
  removeOwner(node, entry);
  unlink(entry);
  freeEntry(entry);
  prune(node);
  return characters;
}

/**
 * Frees a node without owners, and then its ancestors. One that still has children waits for them: they belong to the
 * same run, which names the shallower nodes first. So does one on the path of the insert under way.
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

/** Takes an entry out of its list. The root's is never unlinked, so there is always a newer one. */
export function unlink(entry: Entry): void {
  const newer = changetype<Entry>(entry.newer);
  const older = entry.older;
  newer.older = older;
  if (older !== null) older.newer = newer;
  else entry.tenant.oldest = newer;
}
