import { PAGE, type TreeCore, WIDE, WINDOW_BYTES } from "./core.js";
import type { Crossing } from "./crossing.js";
import { MOST_ROWS, Rows } from "./entries.js";
import type { Expiry } from "./expiry.js";
import type { Namespaces } from "./namespaces.js";
import { SnapshotError } from "./snapshot-format.js";
import type { EntryRows, SnapshotContents, SnapshotNode } from "./snapshot-parse.js";
import type { Tenants } from "./tenants.js";

/** What a snapshot is put into. */
export interface Restoring {
  readonly core: TreeCore;
  readonly tenants: Tenants;
  readonly namespaces: Namespaces;
  readonly descent: { readonly crossing: Crossing };
  readonly expiry: Expiry | null;
  readonly maxBytes: number;
}

/**
 * Restores a snapshot into an empty tree. False when there is no room for all of it.
 * @throws SnapshotError for one of a tree that cannot be. Either way the tree is then of no use.
 */
export function restoreSnapshot(into: Restoring, contents: SnapshotContents): boolean {
  const { core, tenants, namespaces } = into;
  for (const { name, rootTimeS } of contents.tenants) {
    if (!tenants.add(name, rootTimeS)) return false;
  }
  growFor(into, contents);
  const addresses = new Uint32Array(contents.nodes.length + 1);
  for (let index = 0; index < contents.nodes.length; index++) {
    const node = contents.nodes[index]!;
    const address =
      node.namespace > 0
        ? restoreRoot(core, namespaces, contents.namespaces[node.namespace - 1]!)
        : restoreText(into, node, addresses[node.parent]!);
    if (address === 0) return false;
    addresses[index + 1] = address;
  }
  for (const { name, entries } of contents.tenants) {
    const { address } = tenants.get(name)!;
    if (!restoreEntries(core, address, entries, addresses)) return false;
    if (core.restore_tenant(address) === 0) throw new SnapshotError("a tenant that owns a node but not the one above");
  }
  core.restore_call(contents.lastCall);
  into.expiry?.goOnFrom(contents.latestS);
  return true;
}

/** Gives the tenant these entries, of nodes at these addresses. False when there is no room. */
export function restoreEntries(core: TreeCore, tenant: number, entries: EntryRows, addresses: Uint32Array): boolean {
  for (let from = 0; from < entries.count; from += MOST_ROWS) {
    const count = Math.min(MOST_ROWS, entries.count - from);
    const { words } = new Rows(core);
    words.set(entries.words.subarray(4 * from, 4 * (from + count)));
    for (let i = 0; i < count; i++) words[4 * i] = addresses[words[4 * i]!]!;
    if (core.restore_entries(tenant, count) !== count) return false;
  }
  return true;
}

/**
 * Gives each piece of a node's text, brought to the core's window, to `take`: units, and whether it is the last. False as soon as
 * `take` says so. A piece does not end inside a surrogate pair.
 */
export function eachPiece(
  crossing: Crossing,
  { text, units, wide }: SnapshotNode,
  take: (units: number, isLast: boolean) => boolean,
): boolean {
  for (let from = 0; from < units; ) {
    let count = Math.min(units - from, WINDOW_BYTES >> wide);
    const end = from + count;
    if (end < units && wide !== 0 && isHighSurrogate(text[2 * end - 1]!)) count--;
    crossing.windowBytes().set(text.subarray(from << wide, (from + count) << wide));
    from += count;
    if (!take(count, from === units)) return false;
  }
  return true;
}

/** By its upper byte. */
function isHighSurrogate(byte: number): boolean {
  return byte >= 0xd8 && byte < 0xdc;
}

/** The node's address, or 0 when there is no room. */
function restoreText({ core, descent }: Restoring, node: SnapshotNode, parent: number): number {
  if (!eachPiece(descent.crossing, node, (units) => core.restore_text(units, node.wide) !== 0)) {
    core.restore_discard();
    return 0;
  }
  const address = core.restore_node(parent) >>> 0;
  if (address === 0 && core.restore_misplaced() !== 0) {
    throw new SnapshotError("two nodes in one place, or a character cut in two");
  }
  if (address !== 0 && node.wide === WIDE && core.node_is_latin1(address) !== 0) {
    throw new SnapshotError("a text that is wider than it need be");
  }
  return address;
}

/** The new namespace's root, or 0 when there is no room. */
function restoreRoot(core: TreeCore, namespaces: Namespaces, key: string): number {
  namespaces.selectKey(key, true);
  return core.restore_namespace() >>> 0;
}

/** Grows the memory at once to what the snapshot needs at least, where that is within its bound; else the core does, step by step. */
function growFor({ core, maxBytes }: Restoring, { nodes, tenants }: SnapshotContents): void {
  let bytes = core.memory.buffer.byteLength;
  for (const { text } of nodes) bytes += LEAST_NODE_BYTES + text.length;
  for (const { entries } of tenants) bytes += LEAST_ENTRY_BYTES * entries.count;
  const pages = Math.floor((Math.min(bytes, maxBytes) - core.memory.buffer.byteLength) / PAGE);
  if (pages > 0) core.memory.grow(pages);
}

/** A node with a text of its own beside it is never smaller than this (records.ts), nor is an entry. */
const LEAST_NODE_BYTES = 64 - 20;
const LEAST_ENTRY_BYTES = 32;
