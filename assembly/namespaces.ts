import { addChild, removeChild } from "./edges";
import { Node, newNode } from "./records";
import { directory, root, selectedNamespace } from "./walk";

/**
 * Each namespace but the first has a root of its own, so that texts of two namespaces can never match each other. It is a
 * node without text below the tree's root, owned and evicted like any other, and gone when nothing is left below it.
 */
/** The root of the selected namespace, which has none. Room must have been reserved. */
export function newNamespace(): Node {
  const created = changetype<Node>(newNode());
  created.key = selectedNamespace();
  addChild(directory, created);
  created.parent = root;
  return created;
}

export function removeNamespace(node: Node): void {
  removeChild(directory, node);
}
