import { BLOCK_GRAINS, addChild, blocksFor, findChild } from "./edges";
import { WINDOW, hold, releaseHeld } from "./memory";
import { newNamespace } from "./namespaces";
import { addOwner, findOwner, ownerGrains } from "./owners";
import { enqueue } from "./pressure";
import { linkOlder } from "./recency";
import { ENTRY_GRAINS, Entry, NODE_GRAINS, Node, Tenant, countCharacters, freeNode, newEntry, newNode } from "./records";
import { appendText, firstCharacter, freeText, lastUnit, setText } from "./text";
import { isHighSurrogate, isLowSurrogate } from "./units";
import { directory, root, selectedNamespace } from "./walk";

/**
 * Builds a tree from its parts: nodes from the root downwards, then every tenant's entries from newest to oldest. What
 * would break an invariant is refused, so that no sequence of calls makes an impossible tree.
 */
let built: Node | null = null;
/** Whether the last node was refused for its place, not for want of room. */
export let misplaced: bool = false;

/** Takes the next piece of a node's text from the window. False when there is no room. */
export function takeText(units: usize, wide: u32): bool {
  if (built !== null) return appendText(changetype<Node>(built), WINDOW, units, wide);
  const created = newNode();
  if (created === null) return false;
  if (!setText(created, WINDOW, units, wide)) {
    freeNode(created);
    return false;
  }
  built = created;
  return true;
}

/** Makes the text taken a child of `parent`. Null, and the text is gone, when there is no room or no place for it. */
export function attach(parent: Node): Node | null {
  if (built === null) return null;
  const node = changetype<Node>(built);
  built = null;
  node.key = firstCharacter(node);
  const joins = parent.units != 0 && isHighSurrogate(lastUnit(parent)) && isLowSurrogate(node.key);
  misplaced = joins || findChild(parent, node.key) !== null;
  if (misplaced || !holdBlocks(parent, node.key)) {
    freeText(node);
    freeNode(node);
    return null;
  }
  addChild(parent, node);
  releaseHeld();
  return node;
}

export function discard(): void {
  if (built === null) return;
  freeText(changetype<Node>(built));
  freeNode(changetype<Node>(built));
  built = null;
}

/** A root for the selected namespace. Null when there is no room or it has one. */
export function attachNamespace(): Node | null {
  const number = selectedNamespace();
  if (!number || findChild(directory, number) !== null) return null;
  if (!hold(NODE_GRAINS) || !holdBlocks(directory, number)) {
    releaseHeld();
    return null;
  }
  const created = newNamespace();
  releaseHeld();
  return created;
}

/** Makes a node the tenant's oldest. False when there is no room, or it owns the node already. */
export function own(tenant: Tenant, node: Node, time: f64, call: u32): bool {
  if (node === root || findOwner(node, tenant) !== null) return false;
  const table = ownerGrains(node);
  if (!hold(ENTRY_GRAINS) || (table && !hold(table))) {
    releaseHeld();
    return false;
  }
  const entry = changetype<Entry>(newEntry(node, tenant, time, call));
  addOwner(node, entry);
  linkOlder(entry, tenant.oldest);
  countCharacters(tenant, node.characters);
  return true;
}

/** To be called when a tenant has all its entries. False when it owns a node but not the one above. */
export function finish(tenant: Tenant): bool {
  for (let entry = tenant.oldest; entry !== tenant.root; entry = changetype<Entry>(entry.newer)) {
    if (findOwner(changetype<Node>(entry.node.parent), tenant) === null) return false;
  }
  enqueue(tenant);
  return true;
}

function holdBlocks(parent: Node, key: u32): bool {
  for (let blocks = blocksFor(parent, key); blocks; blocks--) {
    if (!hold(BLOCK_GRAINS)) {
      releaseHeld();
      return false;
    }
  }
  return true;
}
