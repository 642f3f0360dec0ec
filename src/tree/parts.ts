import { treeModule } from "#wasm";
import { instantiateCore, PAGE, type TreeCore } from "./core.js";
import { Descent } from "./descent.js";
import { Namespaces } from "./namespaces.js";
import { type PrefixTreeOptions, readOptions } from "./options.js";
import { Pressure } from "./pressure.js";
import { Tenants } from "./tenants.js";

/** What a tree is made of, until it is disposed of. */
export interface TreeParts {
  readonly core: TreeCore;
  readonly tenants: Tenants;
  readonly descent: Descent;
  readonly namespaces: Namespaces;
  readonly pressure: Pressure;
  readonly maxBytes: number;
  /** Where, in 32-bit words of the memory, a match leaves what it found. */
  readonly results: number;
}

/** The parts of an empty tree. */
export function makeParts(options: PrefixTreeOptions, module?: WebAssembly.Module): TreeParts {
  const { pages, maxChars } = readOptions(options);
  const core = instantiateCore(module ?? treeModule(), pages, maxChars);
  const tenants = new Tenants(core);
  const pressure = new Pressure(core, tenants, options.onEvict);
  return {
    core,
    tenants,
    descent: new Descent(core, pressure),
    namespaces: new Namespaces(core),
    pressure,
    maxBytes: pages * PAGE,
    results: core.results() >>> 2,
  };
}

export interface TreeStats {
  /** Nodes, the root among them. */
  nodes: number;
  /** Ownerships of nodes by tenants, those of the root among them. */
  entries: number;
  tenants: number;
  /** The sum of the tenants' characters: a text owned by two counts twice. */
  chars: number;
  /** Bytes in use by text and records. */
  storedBytes: number;
  /** Bytes of the WebAssembly memory: what the tree costs. */
  memoryBytes: number;
  /** Bytes that the memory will never go beyond. */
  maxBytes: number;
  /** How often an insert had to evict to have room, and how many characters went. */
  pressureEvictions: number;
  pressureEvictedChars: number;
}

export function statsOf({ core, tenants, pressure, maxBytes }: TreeParts): TreeStats {
  let chars = 0;
  for (const tenant of tenants) chars += tenants.characters(tenant);
  return {
    nodes: core.node_count() - 1,
    entries: core.entry_count(),
    tenants: tenants.size,
    chars,
    storedBytes: core.live_bytes() >>> 0,
    memoryBytes: core.memory.buffer.byteLength,
    maxBytes,
    pressureEvictions: pressure.evictions,
    pressureEvictedChars: pressure.characters,
  };
}
