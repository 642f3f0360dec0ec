import { treeModule } from "#wasm";
import { instantiateCore, measure, PAGE, type TreeCore } from "./core.js";
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
  };
}

/** The tree's sizes. */
export interface TreeStats {
  /** Nodes, the root among them. */
  nodes: number;
  /** Ownerships of nodes by tenants, those of the root among them. */
  entries: number;
  tenants: number;
  /** The sum of the tenants' characters: a text owned by two counts twice. */
  chars: number;
  /** Bytes in use, in grains of 32: `recordBytes` + `textBytes` + `textWasteBytes`. */
  storedBytes: number;
  /** Of these, records: nodes (64, with texts of up to 8 bytes and up to 4 owners in them), inserts (32), tables of owners and of children, tenants (64). */
  recordBytes: number;
  /** Text outside the nodes: a byte a UTF-16 unit where all units of a segment are up to 0xFF, else two. */
  textBytes: number;
  /** What is held for that text and is none: headers of 8 bytes, and the rest of the last grain. */
  textWasteBytes: number;
  /** Bytes that text and records can still have before something has to be evicted. */
  freeBytes: number;
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
  const { nodes, entries, liveBytes, heldBytes, textBytes, freeBytes } = measure(core);
  return {
    nodes: nodes - 1,
    entries,
    tenants: tenants.size,
    chars,
    storedBytes: liveBytes,
    recordBytes: liveBytes - heldBytes,
    textBytes,
    textWasteBytes: heldBytes - textBytes,
    freeBytes,
    memoryBytes: core.memory.buffer.byteLength,
    maxBytes,
    pressureEvictions: evictions.units.pressure,
    pressureEvictedChars: evictions.characters.pressure,
    expiryEvictions: evictions.units.expiry,
    expiryEvictedChars: evictions.characters.expiry,
  };
}
