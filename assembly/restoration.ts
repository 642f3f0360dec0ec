import { BLOCK_GRAINS, blocksFor, findChild } from "./edges";
import { hold, releaseHeld } from "./memory";
import { newNamespace } from "./namespaces";
import { addOwner, findOwner, ownerGrains } from "./owners";
import { enqueue } from "./pressure";
import { linkOlder } from "./recency";
import { ENTRY_GRAINS, Entry, NODE_GRAINS, Node, Tenant, countCharacters, newEntry } from "./records";
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
