import type { PrefixTree } from "../../../dist/index.js";
import { treeOf } from "./filler.js";

/** What a tree pays for a node besides its text, found out with the package's own calls, so that it follows the core. */
export interface Layout {
  /** Bytes of a node with one owner. */
  nodeBytes: number;
  /** Bytes of each owner more. */
  ownerBytes: number;
  /** A text of so many bytes costs nothing: it is kept inside the node. */
  inlineBytes: number;
}

export function measureLayout(): Layout {
  const nodeBytes = bytesOfLeaf(1);
  let inlineBytes = 1;
  while (bytesOfLeaf(inlineBytes + 1) === nodeBytes) inlineBytes++;
  const tree = treeOf(2);
  tree.insert("a", "replica-0", 1);
  const ownerBytes = grown(tree, () => tree.insert("a", "replica-1", 2));
  return { nodeBytes, ownerBytes, inlineBytes };
}

/** A leaf below another node, so that no table of children is in it. */
function bytesOfLeaf(characters: number): number {
  const tree = treeOf(1);
  tree.insert("a", "replica-0", 1);
  return grown(tree, () => tree.insert(`a${"b".repeat(characters)}`, "replica-0", 2));
}

function grown(tree: PrefixTree, call: () => void): number {
  const before = tree.stats().storedBytes;
  call();
  return tree.stats().storedBytes - before;
}
