import type { Tenant } from "./candidates.js";
import { LAST_CALL, measure, type TreeCore, WIDE } from "./core.js";
import type { Crossing } from "./crossing.js";
import { eachEntry } from "./entries.js";
import type { Namespaces } from "./namespaces.js";
import {
  aligned,
  checksum,
  ENTRY_BYTES,
  HEADER_BYTES,
  MAGIC,
  NAMESPACE_BYTES,
  NODE_BYTES,
  TENANT_BYTES,
  VERSION,
} from "./snapshot-format.js";

/**
 * Writes a tree in the format of snapshot-format.ts.
 * @param latestS the time of a tree with `ttlSecs`; else -Infinity.
 */
export function writeSnapshot(
  core: TreeCore,
  crossing: Crossing,
  tenants: readonly Tenant[],
  namespaces: Namespaces,
  latestS: number,
): Uint8Array<ArrayBuffer> {
  const nodes = new ListedNodes(core);
  const lastCall = new Uint32Array(core.memory.buffer)[LAST_CALL]!;
  const listed = tenants.map(({ name, address }) => ({ name, ...listEntries(core, nodes, address) }));
  const keys = nodes.namespaces.map((number) => namespaces.keyOf(number));
  const out = new Output(
    HEADER_BYTES +
      listed.reduce((sum, { name, rows }) => sum + TENANT_BYTES + aligned(2 * name.length) + rows.byteLength, 0) +
      keys.reduce((sum, key) => sum + NAMESPACE_BYTES + aligned(2 * key.length), 0) +
      nodes.count * NODE_BYTES +
      nodes.textBytes,
  );
  for (const character of MAGIC) out.u8(character.charCodeAt(0));
  out.u32(VERSION);
  out.u32(0);
  out.f64(out.bytes.length);
  const sumAt = out.skip(8);
  for (const number of [lastCall, tenants.length, keys.length, nodes.count]) out.u32(number);
  out.f64(latestS);
  for (const { name, rootTimeS, rows } of listed) {
    out.f64(rootTimeS);
    out.u32(rows.byteLength / ENTRY_BYTES);
    out.text(name);
  }
  for (const key of keys) {
    out.u32(0);
    out.text(key);
  }
  out.copy(new Uint8Array(nodes.rows.buffer));
  for (const { rows } of listed) out.copy(rows);
  for (let index = 0; index < nodes.count; index++) {
    const [address, units, wide] = [
      nodes.addresses[index]!,
      nodes.rows[4 * index + 2]!,
      nodes.rows[4 * index + 3]! - 1,
    ];
    for (let from = 0; from < units; ) {
      const count = core.node_text(address, from, wide);
      out.copy(crossing.windowBytes().subarray(0, count << wide));
      from += count;
    }
  }
  const [low, high] = checksum(core, out.bytes);
  out.u32At(sumAt, low);
  out.u32At(sumAt + 4, high);
  return out.bytes;
}

/** The entries of a tenant as they are in a snapshot, but for the root's. */
function listEntries(core: TreeCore, nodes: ListedNodes, tenant: number): { rootTimeS: number; rows: Uint8Array } {
  let rootTimeS = 0;
  let words = new Uint32Array(256);
  let doubles = new Float64Array(words.buffer);
  let count = -1;
  eachEntry(core, tenant, (node, call, timeS) => {
    const at = count++;
    if (at < 0) {
      rootTimeS = timeS;
      return;
    }
    if (4 * at === words.length) {
      const larger = new Uint32Array(2 * words.length);
      larger.set(words);
      words = larger;
      doubles = new Float64Array(words.buffer);
    }
    words[4 * at] = nodes.indexOf(node);
    words[4 * at + 1] = call;
    doubles[2 * at + 1] = timeS;
  });
  return { rootTimeS, rows: new Uint8Array(words.buffer, 0, count * ENTRY_BYTES) };
}

/** All nodes but the root, as the tenants' recency lists name them, each after its parent. */
class ListedNodes {
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly addresses: Uint32Array<ArrayBuffer>;
  /** The numbers of the namespaces whose roots are among them. */
  readonly namespaces: number[] = [];
  count = 0;
  textBytes = 0;
  readonly #core: TreeCore;
  /** By address, a node being two grains of 32 bytes: the index from 1 on. */
  readonly #indices: Uint32Array;

  constructor(core: TreeCore) {
    const mostNodes = measure(core).nodes - NODES_OF_NONE;
    this.#core = core;
    this.rows = new Uint32Array(4 * mostNodes);
    this.addresses = new Uint32Array(mostNodes);
    this.#indices = new Uint32Array(core.memory.buffer.byteLength >>> 5);
  }

  /** From 1 on; a node that is not listed yet is listed, and before it those above it. */
  indexOf(address: number): number {
    if (this.#indices[address >>> 5] === 0) this.#list(address);
    return this.#indices[address >>> 5]!;
  }

  #list(address: number): void {
    const path: number[] = [];
    let parent = address;
    for (; parent !== 0 && this.#indices[parent >>> 5] === 0; parent = this.#core.node_parent(parent) >>> 0)
      path.push(parent);
    // The tree's root, which has no parent, is not listed.
    if (parent === 0) path.pop();
    for (let node = path.pop(); node !== undefined; node = path.pop()) {
      const core = this.#core;
      const number = core.node_namespace(node);
      const units = core.node_units(node) >>> 0;
      const wide = core.node_is_latin1(node) === 0 ? WIDE : 0;
      const row = 4 * this.count;
      this.rows[row] = this.#indices[core.node_parent(node) >>> 5]!;
      this.rows[row + 1] = number === 0 ? 0 : this.namespaces.push(number);
      this.rows[row + 2] = units;
      this.rows[row + 3] = 1 + wide;
      this.addresses[this.count] = node;
      this.#indices[node >>> 5] = ++this.count;
      this.textBytes += units << wide;
    }
  }
}

/** The root, and the directory of namespaces. */
const NODES_OF_NONE = 2;

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
    this.#at = aligned(this.#at);
  }

  copy(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.skip(bytes.length));
  }
}
