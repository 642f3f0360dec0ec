import { treeModule } from "#wasm";
import { instantiateCore, PAGE, type TreeCore } from "./core.js";
import { Descent } from "./descent.js";
import { Evictions } from "./evictions.js";
import { Expiry } from "./expiry.js";
import { Namespaces } from "./namespaces.js";
import { type PrefixTreeOptions, readOptions } from "./options.js";
import { Tenants } from "./tenants.js";

/** What a tree is made of, until it is disposed of. */
export interface TreeParts {
  readonly core: TreeCore;
  readonly tenants: Tenants;
  readonly descent: Descent;
  readonly namespaces: Namespaces;
  readonly evictions: Evictions;
  /** Null in a tree whose entries do not expire. */
  readonly expiry: Expiry | null;
  readonly maxBytes: number;
  /** Where, in 32-bit words of the memory, a match leaves what it found. */
  readonly results: number;
}

/** The parts of an empty tree. */
export function makeParts(options: PrefixTreeOptions, module?: WebAssembly.Module): TreeParts {
  const { pages, maxChars, ttlSecs } = readOptions(options);
  const core = instantiateCore(module ?? treeModule(), pages, maxChars);
  const tenants = new Tenants(core);
  const evictions = new Evictions(core, tenants, options.onEvict);
  return {
    core,
    tenants,
    descent: new Descent(core, evictions),
    namespaces: new Namespaces(core),
    evictions,
    expiry: ttlSecs === undefined ? null : new Expiry(core, evictions, ttlSecs),
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
  /** How often something was evicted because there was no room, and how many characters went. */
  pressureEvictions: number;
  pressureEvictedChars: number;
  /** The same of what has expired. */
  expiryEvictions: number;
  expiryEvictedChars: number;
}

export function statsOf({ core, tenants, evictions, maxBytes }: TreeParts): TreeStats {
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
    pressureEvictions: evictions.units.pressure,
    pressureEvictedChars: evictions.characters.pressure,
    expiryEvictions: evictions.units.expiry,
    expiryEvictedChars: evictions.characters.expiry,
  };
}
