import type { TreeCore } from "./core.js";
import {
  aligned,
  checksum,
  ENTRY_BYTES,
  HEADER_BYTES,
  MAGIC,
  NAMESPACE_BYTES,
  NODE_BYTES,
  SnapshotError,
  SUMMED_FROM,
  TENANT_BYTES,
  VERSION,
} from "./snapshot-format.js";

/** What a snapshot says, read in place. Of one that is untrusted only what is checked here holds. */
export interface SnapshotContents {
  readonly lastCall: number;
  /** The latest time that the tree knew: of those given to it, if it had `ttlSecs`, and of its entries. -Infinity: none. */
  readonly latestS: number;
  readonly tenants: readonly SnapshotTenant[];
  /** Keys of namespaces (namespaces.ts), all different. */
  readonly namespaces: readonly string[];
  readonly nodes: SnapshotNodes;
}

export interface SnapshotTenant {
  readonly name: string;
  readonly rootTimeS: number;
  /** Newest first. */
  readonly entries: SnapshotEntries;
}

export interface SnapshotEntries extends EntryRows {
  /** -Infinity when there are none. */
  readonly latestS: number;
}

/** Entry `i` is of node `words[4 * i]` (from 1 on, each once), of insert `words[4 * i + 1]`, with the time `doubles[2 * i + 1]`. */
export interface EntryRows {
  readonly count: number;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
}

/** Of node `i`, from 0 on: */
export interface SnapshotNodes {
  readonly count: number;
  /**
   * At `4 * i` its parent (an earlier node, counted from 1 on, or 0, the tree's root), of which namespace, from 1 on, it is the root, which
   * has no text, or 0, its units, and how many bytes each has, 1 or 2.
   */
  readonly rows: Uint32Array;
  /** Its text is from byte `starts[i]` to `starts[i + 1]`. */
  readonly starts: Float64Array;
  readonly texts: Uint8Array;
}

/** @throws SnapshotError for bytes that are none, or not whole, or say what cannot be. */
export function parseSnapshot(core: TreeCore, bytes: Uint8Array): SnapshotContents {
  const input = new Input(bytes.byteOffset % 8 === 0 ? bytes : bytes.slice());
  checkHeader(core, bytes, input);
  const [lastCall, tenantCount, namespaceCount, nodeCount] = [input.u32(), input.u32(), input.u32(), input.u32()];
  const givenS = input.f64();
  if (Number.isNaN(givenS) || givenS === Number.POSITIVE_INFINITY) throw new SnapshotError(`the time ${givenS}`);
  const tenants = input.list(tenantCount, TENANT_BYTES, () => ({
    rootTimeS: input.time(),
    entryCount: input.u32(),
    name: input.text(),
  }));
  checkDistinct(
    "tenant",
    tenants.map(({ name }) => name),
  );
  const namespaces = input.list(namespaceCount, NAMESPACE_BYTES, () => readKey(input));
  checkDistinct("namespace", namespaces);
  const rows = input.words(nodeCount, NODE_BYTES);
  const owned = new Uint32Array(nodeCount + 1);
  const owners = tenants.map(({ name, rootTimeS, entryCount }, index) => ({
    name,
    rootTimeS,
    entries: readEntries(input, entryCount, lastCall, owned, index + 1),
  }));
  const ownerless = owned.indexOf(0, 1);
  if (ownerless > 0) throw new SnapshotError(`node ${ownerless} has no owner`);
  const nodes = readNodes(input, rows, namespaceCount);
  if (!input.ended) throw new SnapshotError("more bytes than it says");
  const latestS = owners.reduce((latest, { entries }) => Math.max(latest, entries.latestS), givenS);
  return { lastCall, latestS, tenants: owners, namespaces, nodes };
}

function checkHeader(core: TreeCore, bytes: Uint8Array, input: Input): void {
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
  const [low, high] = checksum(core, bytes);
  if (input.u32() !== low || input.u32() !== high) {
    throw new SnapshotError(`its checksum is wrong: a byte from ${SUMMED_FROM} on has changed`);
  }
}

function readKey(input: Input): string {
  if (input.u32() !== 0) throw new SnapshotError("a namespace that is damaged");
  const key = input.text();
  if (!/^[ct](:|$)/.test(key) || key === "c")
    throw new SnapshotError(`a namespace with the key ${JSON.stringify(key)}`);
  return key;
}

function checkDistinct(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new SnapshotError(`${what} ${JSON.stringify(name)} twice`);
    seen.add(name);
  }
}

/** Numbers of inserts wrap around: what is further back than this would be ahead. */
const OLDEST = 2 ** 31 - 1;

/** `owned[k]`: which tenant, by its number from 1 on, is the last that owns the k-th node. */
function readEntries(
  input: Input,
  count: number,
  lastCall: number,
  owned: Uint32Array,
  tenant: number,
): SnapshotEntries {
  const words = input.words(count, ENTRY_BYTES);
  const doubles = new Float64Array(words.buffer, words.byteOffset, 2 * count);
  let age = 0;
  let latestS = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const [node, call, timeS] = [words[4 * i]!, words[4 * i + 1]!, doubles[2 * i + 1]!];
    if (node === 0 || node >= owned.length) throw new SnapshotError(`an entry of node ${node} of ${owned.length - 1}`);
    if (owned[node] === tenant) throw new SnapshotError(`two entries of node ${node} for one tenant`);
    owned[node] = tenant;
    const itsAge = (lastCall - call) >>> 0;
    const isSameInsert = i > 0 && call === words[4 * i - 3];
    if (isSameInsert && timeS !== doubles[2 * i - 1]) throw new SnapshotError(`insert ${call} at two times`);
    if (itsAge > OLDEST) throw new SnapshotError(`insert ${call} after the last, ${lastCall}`);
    if (itsAge < age) throw new SnapshotError("entries that are not in the order of their inserts");
    age = itsAge;
    if (!Number.isFinite(timeS)) throw new SnapshotError(`the time ${timeS}`);
    if (timeS > latestS) latestS = timeS;
  }
  return { count, words, doubles, latestS };
}

function readNodes(input: Input, rows: Uint32Array, namespaces: number): SnapshotNodes {
  const count = rows.length / 4;
  const starts = new Float64Array(count + 1);
  const rooted = new Set<number>();
  for (let index = 0; index < count; index++) {
    const parent = rows[4 * index]!;
    const namespace = rows[4 * index + 1]!;
    const units = rows[4 * index + 2]!;
    const width = rows[4 * index + 3]!;
    if (parent > index) throw new SnapshotError(`node ${index + 1} before its parent ${parent}`);
    if (namespace > namespaces || rooted.has(namespace))
      throw new SnapshotError(`namespace ${namespace} of ${namespaces}`);
    if (namespace > 0) rooted.add(namespace);
    if (namespace > 0 ? parent !== 0 || units !== 0 : units === 0)
      throw new SnapshotError(`node ${index + 1} of ${units} units`);
    if (width !== 1 && width !== 2) throw new SnapshotError(`units of ${width} bytes`);
    starts[index + 1] = starts[index]! + units * width;
  }
  return { count, rows, starts, texts: input.take(starts[count]!) };
}

class Input {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** @param bytes from a multiple of 8 on in their buffer. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#bytes[this.#skip(1)]!;
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }

  time(): number {
    const timeS = this.f64();
    if (!Number.isFinite(timeS)) throw new SnapshotError(`the time ${timeS}`);
    return timeS;
  }

  text(): string {
    const units = this.#checkCount(this.u32(), 2);
    let text = "";
    for (let i = 0; i < units; i++) text += String.fromCharCode(this.#view.getUint16(this.#skip(2), true));
    this.#skip(aligned(this.#at) - this.#at);
    return text;
  }

  /** Things that take so many bytes each at least: more than there are bytes for is refused before any is made. */
  list<T>(count: number, bytesEach: number, read: () => T): T[] {
    return Array.from({ length: this.#checkCount(count, bytesEach) }, read);
  }

  words(rows: number, bytesEach: number): Uint32Array {
    const from = this.#skip(this.#checkCount(rows, bytesEach) * bytesEach);
    return new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset + from, (rows * bytesEach) / 4);
  }

  take(bytes: number): Uint8Array {
    const from = this.#skip(bytes);
    return this.#bytes.subarray(from, this.#at);
  }

  #checkCount(count: number, bytesEach: number): number {
    if (count * bytesEach > this.#bytes.length - this.#at)
      throw new SnapshotError(`${count} where there are too few bytes`);
    return count;
  }

  #skip(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || at + bytes > this.#bytes.length)
      throw new SnapshotError(`it ends at byte ${this.#bytes.length}, too soon`);
    this.#at = at + bytes;
    return at;
  }
}
