import type { Tenant } from "./candidates.js";
import { type TreeCore, WIDE } from "./core.js";
import type { Crossing } from "./crossing.js";
import type { Namespaces } from "./namespaces.js";
import { checksum, ENTRY_BYTES, HEADER_BYTES, MAGIC, NODE_BYTES, VERSION } from "./snapshot-format.js";

/** A node as a snapshot lists it. */
interface ListedNode {
  readonly address: number;
  readonly parent: number;
  /** Of the namespace whose root it is, counted from 1; else 0. */
  readonly namespace: number;
  readonly units: number;
  readonly wide: number;
}

/** Writes a tree in the format of snapshot-format.ts. */
export function writeSnapshot(
  core: TreeCore,
  crossing: Crossing,
  tenants: readonly Tenant[],
  namespaces: Namespaces,
): Uint8Array<ArrayBuffer> {
  const keys: string[] = [];
  const { nodes, indexOf, entries } = listNodes(core, tenants, namespaces, keys);
  const out = new Output(
    HEADER_BYTES +
      tenants.reduce((sum, { name }) => sum + 12 + 2 * name.length, 0) +
      keys.reduce((sum, key) => sum + 4 + 2 * key.length, 0) +
      nodes.reduce((sum, { units, wide }) => sum + NODE_BYTES + (units << wide), 0) +
      entries * ENTRY_BYTES +
      tenants.length * 4,
  );
  const window = crossing.windowBytes();
  for (const character of MAGIC) out.u8(character.charCodeAt(0));
  out.u32(VERSION);
  out.u32(0);
  out.f64(out.bytes.length);
  const sumAt = out.skip(8);
  for (const number of [core.insert_call(), tenants.length, keys.length, nodes.length]) out.u32(number);
  for (const { name, address } of tenants) {
    out.f64(core.entry_time(core.newest_entry(address)));
    out.text(name);
  }
  for (const key of keys) out.text(key);
  for (const { parent, namespace, units, wide } of nodes) {
    for (const number of [parent, namespace, units, 1 + wide]) out.u32(number);
  }
  for (const { address, units, wide } of nodes) {
    for (let from = 0; from < units; ) {
      const count = core.node_text(address, from, wide);
      out.copy(window.subarray(0, count << wide));
      from += count;
    }
  }
  for (const { address } of tenants) {
    const countAt = out.skip(4);
    let count = 0;
    for (let entry = core.older_entry(core.newest_entry(address)); entry !== 0; entry = core.older_entry(entry)) {
      out.u32(indexOf.get(core.entry_node(entry))!);
      out.u32(core.entry_call(entry));
      out.f64(core.entry_time(entry));
      count++;
    }
    out.u32At(countAt, count);
  }
  const [low, high] = checksum(core, window, out.bytes);
  out.u32At(sumAt, low);
  out.u32At(sumAt + 4, high);
  return out.bytes;
}

/** All nodes but the root, as the tenants' recency lists name them, each after its parent. */
function listNodes(
  core: TreeCore,
  tenants: readonly Tenant[],
  namespaces: Namespaces,
  keys: string[],
): { nodes: ListedNode[]; indexOf: Map<number, number>; entries: number } {
  const nodes: ListedNode[] = [];
  const indexOf = new Map<number, number>();
  const path: number[] = [];
  let entries = 0;
  for (const { address } of tenants) {
    const root = core.newest_entry(address);
    indexOf.set(core.entry_node(root), 0);
    for (let entry = core.older_entry(root); entry !== 0; entry = core.older_entry(entry)) {
      entries++;
      for (let node = core.entry_node(entry); !indexOf.has(node); node = core.node_parent(node)) path.push(node);
      for (let node = path.pop(); node !== undefined; node = path.pop()) {
        const number = core.node_namespace(node);
        const namespace = number === 0 ? 0 : keys.push(namespaces.keyOf(number));
        nodes.push({
          address: node,
          parent: indexOf.get(core.node_parent(node))!,
          namespace,
          units: core.node_units(node) >>> 0,
          wide: core.node_is_latin1(node) === 0 ? WIDE : 0,
        });
        indexOf.set(node, nodes.length);
      }
    }
  }
  return { nodes, indexOf, entries };
}

class Output {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Leaves bytes to be written later. Returns where. */
  skip(bytes: number): number {
    this.#at += bytes;
    return this.#at - bytes;
  }

  u8(value: number): void {
    this.bytes[this.skip(1)] = value;
  }

  u32(value: number): void {
    this.u32At(this.skip(4), value);
  }

  u32At(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  f64(value: number): void {
    this.#view.setFloat64(this.skip(8), value, true);
  }

  text(text: string): void {
    this.u32(text.length);
    for (let i = 0; i < text.length; i++) this.#view.setUint16(this.skip(2), text.charCodeAt(i), true);
  }

  copy(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.skip(bytes.length));
  }
}
