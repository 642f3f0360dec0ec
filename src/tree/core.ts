/** What the module built from assembly/index.ts exports; its comments are there. Addresses and counts arrive signed. */
export interface TreeCore {
  readonly memory: WebAssembly.Memory;
  window(): number;
  results(): number;
  bitmap_words(): number;
  candidates_bitmap(): number;
  matched_bitmap(): number;
  set_candidates(): void;
  select_namespace(number: number): void;
  has_namespace(): number;
  namespace_count(): number;
  node_namespace(node: number): number;
  add_tenant(slot: number, time: number): number;
  remove_tenant(tenant: number): number;
  tenant_characters(tenant: number): number;
  insert(units: number, form: number, tenant: number, time: number): number;
  insert_matched(units: number, form: number, tenant: number, time: number): number;
  insert_call(): number;
  insert_kept(): number;
  revoke_insert(tenant: number, call: number, kept: number): number;
  prefix_match(units: number, form: number): number;
  match_each(): void;
  each_characters(): number;
  begins(character: number, everyone: number): number;
  evict_tenant_by_lru(tenant: number, least: number): number;
  node_count(): number;
  entry_count(): number;
  live_bytes(): number;
  newest_entry(tenant: number): number;
  older_entry(entry: number): number;
  entry_time(entry: number): number;
  entry_node(entry: number): number;
  node_parent(node: number): number;
  node_text(node: number, from: number): number;
}

export const WIDE = 1;
export const FIRST = 2;
export const LAST = 4;
export const EVERYONE = 8;

/** 4 GiB: all that a 32-bit memory can have. */
const MOST_PAGES = 65536;

/** One instance of the core, with a memory of its own of at most `maximumPages` × 64 KiB. */
export function instantiateCore(module: WebAssembly.Module, maximumPages: number = MOST_PAGES): TreeCore {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: maximumPages });
  const abort = (_message: number, _file: number, line: number, column: number): never => {
    throw new Error(`the core failed an assertion at ${line}:${column}`);
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  return { ...(instance.exports as unknown as TreeCore), memory };
}
