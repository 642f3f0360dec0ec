import { readFileSync } from "node:fs";
import { treeModule } from "#wasm";

/** The core as it is published, and as it is built to check itself: its assertions throw. */
export const BUILDS: readonly (readonly [build: string, module: WebAssembly.Module])[] = [
  ["release", treeModule()],
  ["debug", new WebAssembly.Module(readFileSync(new URL("../../build/tree.debug.wasm", import.meta.url)))],
];
