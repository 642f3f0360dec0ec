import { type TreeCore, WIDE } from "./core.js";
import type { Crossing } from "./crossing.js";
import type { Namespaces } from "./namespaces.js";
import {
  checksum,
  ENTRY_BYTES,
  HEADER_BYTES,
  MAGIC,
  NODE_BYTES,
  SnapshotError,
  SUMMED_FROM,
  VERSION,
} from "./snapshot-format.js";
import type { Tenants } from "./tenants.js";

/**
 * Restores a snapshot into an empty tree. False when there is no room for all of it.
 * @throws SnapshotError for bytes that are no snapshot of a possible tree. Either way the tree is then of no use.
 */
export function readSnapshot(
  core: TreeCore,
  crossing: Crossing,
  tenants: Tenants,
  namespaces: Namespaces,
  bytes: Uint8Array,
): boolean {
  const input = new Input(bytes);
  checkHeader(core, crossing, bytes, input);
  const [lastCall, tenantCount, namespaceCount, nodeCount] = [input.u32(), input.u32(), input.u32(), input.u32()];
  const names = input.list(tenantCount, 12, () => ({ timeS: input.time(), name: input.text() }));
  for (const { name, timeS } of names) {
    if (tenants.get(name) !== undefined) throw new SnapshotError(`tenant ${JSON.stringify(name)} twice`);
    if (!tenants.add(name, timeS)) return false;
  }
  const keys = input.list(namespaceCount, 4, () => input.text());
  const nodes = input.list(nodeCount, NODE_BYTES, (index) => readNode(input, index, keys.length));
  const addresses = [0];
  for (const node of nodes) {
    const address = node.namespace > 0 ? restoreRoot(core, namespaces, keys[node.namespace - 1]!) : restoreText(node);
    if (address === 0) return false;
    addresses.push(address);
  }
  const owned = new Uint32Array(nodeCount + 1);
  for (const [index, { name }] of names.entries()) {
    const { address } = tenants.get(name)!;
    let age = 0;
    for (let left = input.count(ENTRY_BYTES); left > 0; left--) {
      const [node, call, timeS] = [input.u32(), input.u32(), input.time()];
      if (node === 0 || node > nodeCount) throw new SnapshotError(`an entry of node ${node} of ${nodeCount}`);
      if (owned[node] === index + 1) throw new SnapshotError(`two entries of node ${node} for one tenant`);
      if ((lastCall - call) >>> 0 < age) throw new SnapshotError("entries that are not in the order of their inserts");
      age = (lastCall - call) >>> 0;
      owned[node] = index + 1;
      if (core.restore_entry(address, addresses[node]!, timeS, call) === 0) return false;
    }
    if (core.restore_tenant(address) === 0) throw new SnapshotError("a tenant that owns a node but not the one above");
  }
  if (owned.indexOf(0, 1) > 0) throw new SnapshotError(`node ${owned.indexOf(0, 1)} has no owner`);
  if (!input.ended) throw new SnapshotError("more bytes than it says");
  core.restore_call(lastCall);
  return true;

  function restoreText({ parent, units, wide }: SnapshotNode): number {
    for (let from = 0; from < units; ) {
      const count = input.piece(crossing.windowBytes(), units - from, wide);
      if (core.restore_text(count, wide) === 0) {
        core.restore_discard();
        return 0;
      }
      from += count;
    }
    const address = core.restore_node(addresses[parent]!) >>> 0;
    if (address === 0 && core.restore_misplaced() !== 0) {
      throw new SnapshotError("two nodes in one place, or a character cut in two");
    }
    if (address !== 0 && (core.node_is_latin1(address) === 0 ? WIDE : 0) !== wide) {
      throw new SnapshotError("a text that is wider than it need be");
    }
    return address;
  }
}

interface SnapshotNode {
  readonly parent: number;
  readonly namespace: number;
  readonly units: number;
  readonly wide: number;
}

function checkHeader(core: TreeCore, crossing: Crossing, bytes: Uint8Array, input: Input): void {
  if (bytes.length < HEADER_BYTES) throw new SnapshotError(`${bytes.length} bytes are fewer than its header has`);
  for (const character of MAGIC) {
    if (input.u8() !== character.charCodeAt(0)) throw new SnapshotError("it does not begin as one");
  }
  const version = input.u32();
  if (version !== VERSION) throw new SnapshotError(`its version is ${version}, and this is ${VERSION}`);
  if (input.u32() !== 0) throw new SnapshotError("its header is damaged");
  const length = input.f64();
  if (length !== bytes.length)
    throw new SnapshotError(`it says that it has ${length} bytes, and there are ${bytes.length}`);
  const [low, high] = checksum(core, crossing.windowBytes(), bytes);
  if (input.u32() !== low || input.u32() !== high) {
    throw new SnapshotError(`its checksum is wrong: a byte from ${SUMMED_FROM} on has changed`);
  }
}

function readNode(input: Input, index: number, namespaces: number): SnapshotNode {
  const [parent, namespace, units, width] = [input.u32(), input.u32(), input.u32(), input.u32()];
  if (parent > index) throw new SnapshotError(`node ${index + 1} before its parent ${parent}`);
  if (namespace > namespaces) throw new SnapshotError(`namespace ${namespace} of ${namespaces}`);
  if (namespace > 0 ? parent !== 0 || units !== 0 : units === 0)
    throw new SnapshotError(`node ${index + 1} of ${units} units`);
  if (width !== 1 && width !== 2) throw new SnapshotError(`units of ${width} bytes`);
  return { parent, namespace, units, wide: width - 1 };
}

/** The new namespace's root, or 0 when there is no room. */
function restoreRoot(core: TreeCore, namespaces: Namespaces, key: string): number {
  if (!/^[ct](:|$)/.test(key) || key === "c")
    throw new SnapshotError(`a namespace with the key ${JSON.stringify(key)}`);
  namespaces.selectKey(key, true);
  if (core.has_namespace() !== 0) throw new SnapshotError(`namespace ${JSON.stringify(key)} twice`);
  return core.restore_namespace() >>> 0;
}

class Input {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  time(): number {
    const timeS = this.f64();
    if (!Number.isFinite(timeS)) throw new SnapshotError(`the time ${timeS}`);
    return timeS;
  }

  text(): string {
    const units = this.count(2);
    let text = "";
    for (let i = 0; i < units; i++) text += String.fromCharCode(this.#view.getUint16(this.#take(2), true));
    return text;
  }

  /** A number of things that take so many bytes each at least: more than there are bytes for is refused before any is made. */
  count(bytesEach: number): number {
    return this.#checkCount(this.u32(), bytesEach);
  }

  list<T>(count: number, bytesEach: number, read: (index: number) => T): T[] {
    return Array.from({ length: this.#checkCount(count, bytesEach) }, (_, index) => read(index));
  }

  /** Copies the next units of a text to the window: as many as fit, not ending inside a surrogate pair. Returns how many. */
  piece(window: Uint8Array, units: number, wide: number): number {
    let count = Math.min(units, window.length >> wide);
    if (this.#at + (count << wide) > this.#bytes.length) throw this.#tooShort();
    if (count < units && wide !== 0 && count > 1) {
      const last = this.#view.getUint16(this.#at + 2 * (count - 1), true);
      if ((last & 0xfc00) === 0xd800) count--;
    }
    const from = this.#take(count << wide);
    window.set(this.#bytes.subarray(from, this.#at));
    return count;
  }

  #checkCount(count: number, bytesEach: number): number {
    if (count * bytesEach > this.#bytes.length - this.#at)
      throw new SnapshotError(`${count} where there are too few bytes`);
    return count;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) throw this.#tooShort();
    this.#at = at + bytes;
    return at;
  }

  #tooShort(): SnapshotError {
    return new SnapshotError(`it ends at byte ${this.#bytes.length}, too soon`);
  }
}
