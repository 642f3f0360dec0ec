/** What the module built from assembly/index.ts exports; its comments are there. Addresses and counts arrive signed. */
export interface TreeCore {
  readonly memory: WebAssembly.Memory;
  set_limits(pages: number, characters: number): void;
  window(): number;
  results(): number;
  bitmap_words(): number;
  candidates_bitmap(): number;
  matched_bitmap(): number;
  set_candidates(): void;
  select_namespace(number: number): void;
  namespace_root(): number;
  namespace_count(): number;
  node_namespace(node: number): number;
  add_tenant(slot: number, chunk: number, time: number): number;
  remove_tenant(tenant: number): number;
  tenant_characters(tenant: number): number;
  insert(units: number, form: number, tenant: number, time: number): number;
  insert_matched(units: number, form: number, tenant: number, time: number): number;
  insert_retry(): number;
  insert_make_room(): number;
  insert_shorten(): number;
  evict_before(time: number): number;
  evicted_characters(): number;
  insert_call(): number;
  insert_kept(): number;
  revoke_insert(tenant: number, call: number, kept: number): number;
  prefix_match(units: number, form: number): number;
  match_each(): void;
  each_characters(): number;
  begins(character: number, everyone: number): number;
  compact(tenant: number): number;
  evict_tenant_by_lru(tenant: number, least: number): number;
  node_count(): number;
  entry_count(): number;
  live_bytes(): number;
  text_grains(): number;
  text_bytes(): number;
  free_grains(): number;
  list_begin(tenant: number): void;
  list_more(): number;
  node_parent(node: number): number;
  node_text(node: number, from: number, form: number): number;
  node_is_latin1(node: number): number;
  node_units(node: number): number;
  restore_namespace(): number;
  restore_entries(tenant: number, rows: number): number;
  restore_tenant(tenant: number): number;
  restore_call(number: number): void;
  graft(parent: number): void;
  grafted(): number;
  graft_joined(): number;
  sum_begin(): void;
  sum_add(bytes: number): void;
  sum_low(): number;
  sum_high(): number;
}

export const WIDE = 1;
export const FIRST = 2;
export const LAST = 4;
export const EVERYONE = 8;

/** What `insert` answers. */
export const NO_ROOM = 0;
export const TAKEN = 1;
export const SHORTENED = 2;

/** Bytes of the window (assembly/memory.ts). */
export const WINDOW_BYTES = 16384;

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
