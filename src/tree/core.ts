/** What the module built from assembly/index.ts exports; its comments are there. Addresses and counts arrive signed. */
export interface TreeCore {
  readonly memory: WebAssembly.Memory;
  set_limits(pages: number, characters: number): void;
  bitmap_words(): number;
  bitmaps(): number;
  set_candidates(): void;
  select_namespace(number: number): number;
  add_tenant(slot: number, chunk: number, time: number): number;
  remove_tenant(tenant: number): number;
  characters(tenant: number): number;
  insert(units: number, form: number, tenant: number, time: number): number;
  insert_retry(shorter: number): number;
  insert_make_room(): number;
  evict_before(time: number): number;
  revoke_insert(tenant: number, call: number, kept: number): number;
  prefix_match(units: number, form: number): number;
  match_each(): void;
  begins(character: number, everyone: number): number;
  measure(): void;
  compact(tenant: number): number;
  evict_tenant_by_lru(tenant: number, least: number): number;
  list(tenant: number): number;
  describe(node: number): void;
  node_text(node: number, from: number, form: number, at: number): number;
  restore_namespace(): number;
  restore_entries(tenant: number, rows: number): number;
  restore_tenant(tenant: number): number;
  restore_call(number: number): void;
  graft(parent: number, at: number, units: number, form: number): number;
  sum(bytes: number, form: number): void;
}

export const WIDE = 1;
export const FIRST = 2;
export const LAST = 4;
export const EVERYONE = 8;
export const MATCHED = 16;

/** What `insert` answers. */
export const NO_ROOM = 0;
export const TAKEN = 1;
export const SHORTENED = 2;

/** Where texts cross, how many bytes there are, and where the core leaves results (assembly/memory.ts, index.ts). */
export const WINDOW = 4096;
export const WINDOW_BYTES = 16384;
export const RESULTS: number = WINDOW + WINDOW_BYTES + 64;

/**
 * Where the core leaves, in 32-bit words of the memory, how many characters it has just evicted, the number of the last insert call, and, when
 * that is complete, how many characters of its text its tenant had owned before.
 */
export const EVICTED: number = (RESULTS >>> 2) + 4;
export const LAST_CALL: number = EVICTED + 2;
export const LAST_KEPT: number = EVICTED + 3;

/** Where, in the same way, `describe` leaves a node's parent, namespace, units and bytes a unit. */
export const DESCRIBED: number = RESULTS >>> 2;

/** Bytes of a page of WebAssembly memory. */
export const PAGE = 65536;

/** One instance of the core, with a memory of its own that never grows beyond `pages`. */
export function instantiateCore(module: WebAssembly.Module, pages: number, characters: number): TreeCore {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: pages });
  const abort = (_message: number, _file: number, line: number, column: number): never => {
    throw new Error(`the core failed an assertion at ${line}:${column}`);
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  const core: TreeCore = { ...(instance.exports as unknown as TreeCore), memory };
  core.set_limits(pages, characters);
  return core;
}

/** What `measure` writes. */
export interface CoreFigures {
  /** The root and the directory of namespaces among them. */
  readonly nodes: number;
  readonly entries: number;
  readonly liveBytes: number;
  /** Of text outside nodes: what it holds, and how much of that is text. */
  readonly heldBytes: number;
  readonly textBytes: number;
  readonly freeBytes: number;
}

/** Bytes of what the core's pool is divided into (assembly/memory.ts). */
const GRAIN = 32;

export function measure(core: TreeCore): CoreFigures {
  core.measure();
  const figures = new Uint32Array(core.memory.buffer, RESULTS, 6) as unknown as FixedFigures;
  const [nodes, entries, liveGrains, heldGrains, textBytes, freeGrains] = figures;
  return {
    nodes,
    entries,
    liveBytes: liveGrains * GRAIN,
    heldBytes: heldGrains * GRAIN,
    textBytes,
    freeBytes: freeGrains * GRAIN,
  };
}

type FixedFigures = readonly [number, number, number, number, number, number];
