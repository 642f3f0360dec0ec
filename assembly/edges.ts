import { allocate, release } from "./memory";
import { Node } from "./records";

/**
 * (node, first character) → child, in a number of steps that does not depend on how many children there are.
 *
 * `children` is 0, the first of up to four siblings in a list, or a trie: 1 + the address of a block of 16 slots,
 * four bits of the key a level, lowest first. A slot is 0, a child, or a block below (tagged by 1, as the root is).
 * Keys have at most 24 bits, so a trie is at most six levels deep; where keys differ early it is one or two.
 */
const MOST_SIBLINGS: u32 = 4;
export const BLOCK_GRAINS: u32 = 2;
/** A trie's levels below its root. */
const LEVELS: u32 = 5;

export function findChild(parent: Node, key: u32): Node | null {
  let slot = parent.children;
  if (slot & 1) slot = load<u32>(placeInTrie(slot, key));
  let child = changetype<Node | null>(slot);
  while (child !== null && child.key != key) child = child.sibling;
  return child;
}

/** How many blocks `addChild` may allocate for a child of this key. */
export function blocksFor(parent: Node, key: u32): u32 {
  let slot = parent.children;
  if (!(slot & 1)) {
    let siblings: u32 = 0;
    for (let each = changetype<Node | null>(slot); each !== null; each = each.sibling) siblings++;
    return siblings < MOST_SIBLINGS ? 0 : 1 + MOST_SIBLINGS * LEVELS;
  }
  return load<u32>(placeInTrie(slot, key)) ? LEVELS : 0;
}

/** Adds a child whose key the parent does not have yet. Room must have been reserved. */
export function addChild(parent: Node, child: Node): void {
  child.parent = parent;
  const slot = parent.children;
  if (slot & 1) return plant(slot, child);
  let siblings: u32 = 0;
  let each = changetype<Node | null>(slot);
  while (each !== null) {
    siblings++;
    each = each.sibling;
  }
  if (siblings < MOST_SIBLINGS) {
    child.sibling = changetype<Node | null>(slot);
    parent.children = changetype<usize>(child);
    return;
  }
  const trie = newBlock();
  each = changetype<Node | null>(slot);
  while (each !== null) {
    const next = each.sibling;
    plant(trie, each);
    each = next;
  }
  plant(trie, child);
  parent.children = trie;
}

/** Puts `upper` where `child` is. Both have the same key. */
export function replaceChild(parent: Node, child: Node, upper: Node): void {
  upper.parent = parent;
  upper.sibling = child.sibling;
  let at = changetype<usize>(parent) + offsetof<Node>("children");
  let slot = parent.children;
  if (slot & 1) {
    at = placeInTrie(slot, child.key);
  } else {
    while (slot != changetype<usize>(child)) {
      at = slot + offsetof<Node>("sibling");
      slot = <usize>load<u32>(at);
    }
  }
  store<u32>(at, <u32>changetype<usize>(upper));
}

export function removeChild(parent: Node, child: Node): void {
  const slot = parent.children;
  if (slot & 1) {
    parent.children = without(slot, child.key);
    return;
  }
  let at = changetype<usize>(parent) + offsetof<Node>("children");
  while (<usize>load<u32>(at) != changetype<usize>(child)) at = <usize>load<u32>(at) + offsetof<Node>("sibling");
  store<u32>(at, <u32>changetype<usize>(child.sibling));
}

/** Where in a trie the child of that key is, if it has one: another child may be there, which has no siblings, or 0. */
function placeInTrie(slot: usize, key: u32): usize {
  let at: usize;
  do {
    at = (slot ^ 1) + ((key & 15) << 2);
    slot = <usize>load<u32>(at);
    key >>= 4;
  } while (slot & 1);
  return at;
}

function newBlock(): usize {
  const block = allocate(BLOCK_GRAINS);
  memory.fill(block, 0, 64);
  return block | 1;
}

function plant(trie: usize, child: Node): void {
  child.sibling = null;
  let shift: u32 = 0;
  let at = (trie ^ 1) + ((child.key & 15) << 2);
  let slot = <usize>load<u32>(at);
  while (slot) {
    shift += 4;
    if (!(slot & 1)) {
      const block = newBlock();
      store<u32>((block ^ 1) + (((changetype<Node>(slot).key >> shift) & 15) << 2), <u32>slot);
      store<u32>(at, <u32>block);
      slot = block;
    }
    at = (slot ^ 1) + (((child.key >> shift) & 15) << 2);
    slot = <usize>load<u32>(at);
  }
  store<u32>(at, <u32>changetype<usize>(child));
}

/** The trie without the child of that key; a block with a single child left gives way to it. At most six deep. */
function without(slot: usize, rest: u32): usize {
  if (!(slot & 1)) return 0;
  const block = slot ^ 1;
  const at = block + ((rest & 15) << 2);
  store<u32>(at, <u32>without(<usize>load<u32>(at), rest >> 4));
  let only: usize = 0;
  for (let each = block; each < block + 64; each += 4) {
    const below = <usize>load<u32>(each);
    if (!below) continue;
    if (only || below & 1) return slot;
    only = below;
  }
  release(block, BLOCK_GRAINS);
  return only;
}
