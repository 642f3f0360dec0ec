import module from "./tree.wasm?module";

/** The core's module, compiled by the host: for runtimes that forbid compiling bytes (Cloudflare Workers, Vercel Edge). */
export function treeModule(): WebAssembly.Module {
  return module;
}
