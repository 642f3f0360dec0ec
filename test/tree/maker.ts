import { PrefixTree, type PrefixTreeOptions } from "../../src/tree/index.js";

/** How a tree is made on a build of the core. */
export interface TreeMaker {
  readonly build: string;
  create(options: PrefixTreeOptions): PrefixTree;
  restore(snapshot: Uint8Array, options: PrefixTreeOptions): PrefixTree;
  /** The tree, or one that goes on in its place, with what the snapshot has. */
  merge(tree: PrefixTree, snapshot: Uint8Array, options: PrefixTreeOptions): PrefixTree;
}

export const RELEASE: TreeMaker = {
  build: "release",
  create: (options) => new PrefixTree(options),
  restore: (snapshot, options) => PrefixTree.restore(snapshot, options),
  merge(tree, snapshot) {
    tree.merge(snapshot);
    return tree;
  },
};
