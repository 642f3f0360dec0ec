import type { Tenant } from "./candidates.js";
import { DESCRIBED, LAST_CALL, measure, type TreeCore } from "./core.js";
import type { Crossing } from "./crossing.js";
import { Rows } from "./entries.js";
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
  const entries = listEntries(core, nodes, tenants);
  const keys = nodes.namespaces.map((number) => namespaces.keyOf(number));
  const out = new Output(
    HEADER_BYTES +
      tenants.reduce((sum, { name }) => sum + TENANT_BYTES + aligned(2 * name.length), 0) +
      keys.reduce((sum, key) => sum + NAMESPACE_BYTES + aligned(2 * key.length), 0) +
      nodes.count * NODE_BYTES +
      entries.rows.byteLength +
      nodes.textBytes,
  );
  for (const character of MAGIC) out.u8(character.charCodeAt(0));
  out.u32(VERSION);
  out.u32(0);
  out.f64(out.bytes.length);
  const sumAt = out.skip(8);
  for (const number of [lastCall, tenants.length, keys.length, nodes.count]) out.u32(number);
  out.f64(latestS);
  for (const [i, { name }] of tenants.entries()) {
    out.f64(entries.rootTimesS[i]!);
    out.u32(entries.counts[i]!);
    out.text(name);
  }
  for (const key of keys) {
    out.u32(0);
    out.text(key);
  }
  out.copy(new Uint8Array(nodes.rows.buffer));
  out.copy(entries.rows);
  copyTexts(core, crossing, nodes, out);
  const [low, high] = checksum(core, out.bytes);
  out.u32At(sumAt, low);
  out.u32At(sumAt + 4, high);
  return out.bytes;
}

/** By way of the window, which takes many texts at a time, since most are short. */
function copyTexts(core: TreeCore, crossing: Crossing, { count, rows, addresses }: ListedNodes, out: Output): void {
  const window = crossing.windowBytes();
  let filled = 0;
  for (let index = 0; index < count; index++) {
    const units = rows[4 * index + 2]!;
    const wide = rows[4 * index + 3]! - 1;
    for (let from = 0; from < units; ) {
      const taken = core.node_text(addresses[index]!, from, wide, filled);
      from += taken;
      filled += taken << wide;
      if (from === units) break;
      out.copy(window.subarray(0, filled));
      filled = 0;
    }
  }
  out.copy(window.subarray(0, filled));
}

interface ListedEntries {
  /** Of each tenant in turn, as they are in a snapshot, but for the root's. */
  readonly rows: Uint8Array;
  readonly counts: number[];
  readonly rootTimesS: number[];
}

function listEntries(core: TreeCore, nodes: ListedNodes, tenants: readonly Tenant[]): ListedEntries {
  const words = new Uint32Array((ENTRY_BYTES / 4) * measure(core).entries);
  const window = new Rows(core);
  const counts: number[] = [];
  const rootTimesS: number[] = [];
  let end = 0;
  for (const { address } of tenants) {
    const begin = end;
    let count = core.list(address);
    rootTimesS.push(window.doubles[1]!);
    for (let first = 1; count > 0; first = 0, count = core.list(0)) {
      words.set(window.words.subarray(4 * first, 4 * count), 4 * end);
      const from = end;
      end += count - first;
      for (let i = from; i < end; i++) words[4 * i] = nodes.indexOf(words[4 * i]!);
    }
    counts.push(end - begin);
  }
  return { rows: new Uint8Array(words.buffer, 0, end * ENTRY_BYTES), counts, rootTimesS };
}

/** All nodes but the root, as the tenants' recency lists name them, each after its parent. */
class ListedNodes {
  /** As they are in a snapshot. */
  readonly rows: Uint32Array<ArrayBuffer>;
  readonly addresses: Uint32Array<ArrayBuffer>;
  /** The numbers of the namespaces whose roots are among them. */
  readonly namespaces: number[] = [];
  count = 0;
  textBytes = 0;
  readonly #core: TreeCore;
  /** The core's memory, which does not grow meanwhile. */
  readonly #memory: Uint32Array;
  /** By address, a node being two grains of 32 bytes: the index from 1 on. */
  readonly #indices: Uint32Array;
  /** Of nodes that are being listed, the lowest first: address, namespace, units, bytes a unit. */
  readonly #path: number[] = [];

  constructor(core: TreeCore) {
    const mostNodes = measure(core).nodes - NODES_OF_NONE;
    this.#core = core;
    this.#memory = new Uint32Array(core.memory.buffer);
    this.rows = new Uint32Array((NODE_BYTES / 4) * mostNodes);
    this.addresses = new Uint32Array(mostNodes);
    this.#indices = new Uint32Array(core.memory.buffer.byteLength >>> 5);
  }

  /** From 1 on; a node that is not listed yet is listed, and before it those above it. */
  indexOf(address: number): number {
    const index = this.#indices[address >>> 5]!;
    return index === 0 ? this.#list(address) : index;
  }

  #list(address: number): number {
    const memory = this.#memory;
    const path = this.#path;
    let index = 0;
    for (let node = address; index === 0; index = this.#indices[node >>> 5]!) {
      this.#core.describe(node);
      const parent = memory[DESCRIBED]!;
      // The tree's root, which has none, is not listed.
      if (parent === 0) break;
      path.push(node, memory[DESCRIBED + 1]!, memory[DESCRIBED + 2]!, memory[DESCRIBED + 3]!);
      node = parent;
    }
    while (path.length > 0) {
      const width = path.pop()!;
      const units = path.pop()!;
      const number = path.pop()!;
      const node = path.pop()!;
      const row = 4 * this.count;
      this.rows[row] = index;
      this.rows[row + 1] = number === 0 ? 0 : this.namespaces.push(number);
      this.rows[row + 2] = units;
      this.rows[row + 3] = width;
      this.addresses[this.count] = node;
      this.textBytes += units * width;
      index = ++this.count;
      this.#indices[node >>> 5] = index;
    }
    return index;
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
