import { BLOCK_GRAINS, blocksFor, findChild } from "./edges";
import { allocate, hold, releaseHeld } from "./memory";
import { newNamespace } from "./namespaces";
import { addOwner, findOwner, ownerGrains } from "./owners";
import { currentCall, enqueue } from "./pressure";
import { findTouch, linkOlder } from "./recency";
import { NODE_GRAINS, Node, TOUCH_GRAINS, Tenant, Touch, countCharacters, initTouch } from "./records";
import { directory, root, selectedNamespace } from "./walk";

/**
 * A tree is rebuilt from its parts: nodes from the root downwards (grafted: insertion.ts), then every tenant's entries from newest to
 * oldest. What would break an invariant is refused, so that no sequence of calls makes an impossible tree.
 */

/** A root for the selected namespace. Null when there is no room or it has one. */
export function attachNamespace(): Node | null {
  const number = selectedNamespace();
  if (!number || findChild(directory, number) !== null) return null;
  let holds = hold(NODE_GRAINS);
  for (let blocks = blocksFor(directory, number); blocks && holds; blocks--) holds = hold(BLOCK_GRAINS);
  const created = holds ? newNamespace() : null;
  releaseHeld();
  return created;
}

/** The node last restored. */
let before: Node | null = null;

/** Makes a node the tenant's oldest. False when there is no room, or it owns the node already. */
export function own(tenant: Tenant, node: Node, time: f64, call: u32): bool {
  if (node === root || findOwner(node, tenant)) return false;
  let touch = tenant.oldest;
  const isNew = touch === tenant.root || touch.call != call;
  const table = ownerGrains(node);
  if ((isNew && !hold(TOUCH_GRAINS)) || (table && !hold(table))) {
    releaseHeld();
    return false;
  }
  if (isNew) {
    touch = changetype<Touch>(allocate(TOUCH_GRAINS));
    initTouch(touch, tenant, time, call);
    linkOlder(touch, tenant.oldest);
    touch.deepest = node;
  } else if (node.parent === before) {
    // The upper of two comes first only in one group (recency.ts).
    const at = findOwner(changetype<Node>(before), tenant);
    store<u32>(at, load<u32>(at) | 1);
    if (touch.deepest === before) touch.deepest = node;
  }
  before = node;
  addOwner(node, touch);
  touch.count++;
  countCharacters(tenant, node.characters);
  return true;
}

/**
 * To be called when a tenant has all its entries. False when no inserts could have left them: the nodes of one lie on a path without
 * a gap, and what is above them is the tenant's by a later one.
 */
export function finish(tenant: Tenant): bool {
  for (let touch = tenant.oldest; touch !== tenant.root; touch = changetype<Touch>(touch.newer)) {
    let node = touch.deepest;
    for (let left = touch.count; left; left--) {
      if (findTouch(node, tenant) !== touch) return false;
      node = changetype<Node>(node.parent);
    }
    const above = findTouch(node, tenant);
    if (above === null || above === touch) return false;
    if (above !== tenant.root && currentCall() - above.call > currentCall() - touch.call) return false;
  }
  enqueue(tenant);
  return true;
}
