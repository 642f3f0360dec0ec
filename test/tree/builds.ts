import { readFileSync } from "node:fs";
import { treeModule } from "#wasm";
import { PrefixTree, type PrefixTreeOptions } from "../../src/tree/index.js";
import { makeParts } from "../../src/tree/parts.js";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import { readSnapshot } from "../../src/tree/snapshot-read.js";

const debugModule = new WebAssembly.Module(readFileSync(new URL("../../build/tree.debug.wasm", import.meta.url)));

/** The core as it is published, and as it is built to check itself: its assertions throw. */
export const BUILDS: readonly (readonly [build: string, module: WebAssembly.Module])[] = [
  ["release", treeModule()],
  ["debug", debugModule],
];

/** How a tree is made and restored on a build of the core. */
export interface TreeMaker {
  readonly build: string;
  create(options: PrefixTreeOptions): PrefixTree;
  restore(snapshot: Uint8Array, options: PrefixTreeOptions): PrefixTree;
}

export const RELEASE: TreeMaker = {
  build: "release",
  create: (options) => new PrefixTree(options),
  restore: (snapshot, options) => PrefixTree.restore(snapshot, options),
};

export const DEBUG: TreeMaker = {
  build: "debug",
  create: (options) => createTreeWith(debugModule, options),
  restore(snapshot, options) {
    const whole = restoreDebug(snapshot, options);
    // What has to be left out is left out by the published core, which restores alone; the rest then fits.
    return whole ?? restoreDebug(PrefixTree.restore(snapshot, options).snapshot(), options)!;
  },
};

export const MAKERS: readonly TreeMaker[] = [RELEASE, DEBUG];

function restoreDebug(snapshot: Uint8Array, options: PrefixTreeOptions): PrefixTree | null {
  const parts = makeParts(options, debugModule);
  const fits = readSnapshot(parts.core, parts.descent.crossing, parts.tenants, parts.namespaces, snapshot);
  return fits ? new PrefixTree(options, parts) : null;
}
