import { DESCRIBED, PAGE, type TreeCore } from "./core.js";
import { MOST_ROWS, Rows } from "./entries.js";
import { graftNodes, type Restoring } from "./graft.js";
import { SnapshotError } from "./snapshot-format.js";
import type { EntryRows, SnapshotContents, SnapshotNodes } from "./snapshot-parse.js";

/**
 * Restores a snapshot into an empty tree. False when there is no room for all of it.
 * @throws SnapshotError for one of a tree that cannot be. Either way the tree is then of no use.
 */
export function restoreSnapshot(into: Restoring, contents: SnapshotContents): boolean {
  const { core, tenants } = into;
  for (const { name, rootTimeS } of contents.tenants) {
    if (!tenants.add(name, rootTimeS)) return false;
  }
  growFor(into, contents);
  const addresses = graftNodes(into, contents, (index, address, isNew) =>
    checkPlace(into, contents.nodes, index, address, isNew),
  );
  if (addresses === null) return false;
  core.restore_call(contents.lastCall);
  for (const { name, entries } of contents.tenants) {
    const { address } = tenants.get(name)!;
    if (!restoreEntries(core, address, entries, addresses)) return false;
    if (core.restore_tenant(address) === 0) throw new SnapshotError("entries that no inserts can have left");
  }
  into.expiry?.goOnFrom(contents.latestS);
  return true;
}

// biome-ignore lint/correctness/noUnusedVariables: so that the reads are not left out.
let read = 0;

/** Gives the tenant these entries, of nodes at these addresses. False when there is no room. */
export function restoreEntries(core: TreeCore, tenant: number, entries: EntryRows, addresses: Uint32Array): boolean {
  for (let from = 0; from < entries.count; from += MOST_ROWS) {
    const count = Math.min(MOST_ROWS, entries.count - from);
    const { words } = new Rows(core);
    const memory = new Uint32Array(core.memory.buffer);
    words.set(entries.words.subarray(4 * from, 4 * (from + count)));
    for (let i = 0; i < count; i++) {
      const address = addresses[words[4 * i]!]!;
      words[4 * i] = address;
      // The core will need this node. Here the processor can wait for many at once.
      read ^= memory[address >>> 2]!;
    }
    if (core.restore_entries(tenant, count) !== count) return false;
  }
  return true;
}

/** In a snapshot of a tree that can be, a node is a new one below its parent. */
function checkPlace(
  { core, tenants }: Restoring,
  { rows, starts, texts }: SnapshotNodes,
  index: number,
  address: number,
  isNew: boolean,
): void {
  if (rows[4 * index + 1]! > 0) return;
  if (!isNew) throw new SnapshotError("two nodes in one place");
  if (rows[4 * index + 3] === 1) return;
  core.describe(address);
  if (tenants.words()[DESCRIBED + 3] === 1) throw new SnapshotError("a text that is wider than it need be");
  const above = rows[4 * index]! - 1;
  if (above < 0 || rows[4 * above + 3] !== 2 || rows[4 * above + 1]! > 0) return;
  if ((texts[starts[index]! + 1]! & 0xfc) === 0xdc && (texts[starts[above + 1]! - 1]! & 0xfc) === 0xd8) {
    throw new SnapshotError("a character cut in two");
  }
}

/** Grows the memory at once to what the snapshot needs at least, where that is within its bound; else the core does, step by step. */
function growFor({ core, maxBytes }: Restoring, { nodes }: SnapshotContents): void {
  const before = core.memory.buffer.byteLength;
  const bytes = before + nodes.count * LEAST_NODE_BYTES + nodes.texts.length;
  const pages = Math.floor((Math.min(bytes, maxBytes) - before) / PAGE);
  if (pages > 0) core.memory.grow(pages);
}

/** A node and its text take up no less than this and the text (records.ts). */
const LEAST_NODE_BYTES = 64 - 8;
