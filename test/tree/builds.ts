import { readFileSync } from "node:fs";
import { treeModule } from "#wasm";
import { PrefixTree, type PrefixTreeOptions } from "../../src/tree/index.js";
import type { TreeParts } from "../../src/tree/parts.js";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import { mergeParts, restoreParts } from "../../src/tree/restore.js";
import { parseSnapshot } from "../../src/tree/snapshot-parse.js";
import { RELEASE, type TreeMaker } from "./maker.js";

const debugModule = new WebAssembly.Module(readFileSync(new URL("../../build/tree.debug.wasm", import.meta.url)));

/** The core as it is published, and as it is built to check itself: its assertions throw. */
export const BUILDS: readonly (readonly [build: string, module: WebAssembly.Module])[] = [
  ["release", treeModule()],
  ["debug", debugModule],
];

export const DEBUG: TreeMaker = {
  build: "debug",
  create: (options) => createTreeWith(debugModule, options),
  restore: (snapshot, options) => treeOf(restoreParts(snapshot, options, debugModule), options),
  merge(tree, snapshot, options) {
    const own = tree.snapshot();
    const parts = mergeParts(own, snapshot, options, debugModule);
    parts.expiry?.goOnFrom(parseSnapshot(parts.core, own).latestS);
    return treeOf(parts, options);
  },
};

export const MAKERS: readonly TreeMaker[] = [RELEASE, DEBUG];

function treeOf(parts: TreeParts, options: PrefixTreeOptions): PrefixTree {
  const tree = new PrefixTree(options, parts);
  parts.evictions.report();
  return tree;
}
