import { DESCRIBED } from "./core.js";
import { graftNodes, type Restoring } from "./graft.js";
import type { EntryRows, SnapshotContents } from "./snapshot-parse.js";
import { restoreEntries } from "./snapshot-read.js";

/**
 * Makes one tree of two, in an empty one: every tenant owns what it owned in either.
 *
 * The inserts of both are put in one order: by their times, without changing the order that each tree has of its own; of equal times
 * ours is the later. Of two entries of a tenant for the same text that of the later insert stays. A recency list has the later inserts
 * first, and the nodes of one insert as its tree had them, of one that has been split the upper part first. Inserts get new
 * numbers, above those that ours had.
 *
 * False when there is no room. O(nodes + text + entries), and O(log) of the inserts for their order.
 */
export function mergeInto(into: Restoring, ours: SnapshotContents, theirs: SnapshotContents): boolean {
  const { core, tenants } = into;
  const rootTimes = new Map<string, number>();
  for (const { name, rootTimeS } of [...ours.tenants, ...theirs.tenants]) {
    rootTimes.set(name, Math.max(rootTimeS, rootTimes.get(name) ?? rootTimeS));
  }
  for (const [name, timeS] of rootTimes) {
    if (!tenants.add(name, timeS)) return false;
  }
  const ranks = rankInserts(ours, theirs);
  const entries = new Map<string, MergedEntries>();
  const ends: Uint32Array[] = [];
  for (const contents of [ours, theirs]) {
    const nodes = graftNodes(into, contents);
    if (nodes === null) return false;
    ends.push(nodes);
  }
  for (const [which, contents] of [ours, theirs].entries()) {
    for (const tenant of contents.tenants) {
      const merged = entries.get(tenant.name) ?? new MergedEntries();
      entries.set(tenant.name, merged);
      merged.add(into, tenant.entries, contents, ends[which]!, ranks[which]!);
    }
  }
  core.restore_call((ours.lastCall + ranks[0].size + ranks[1].size) >>> 0);
  for (const { name, address } of tenants) {
    const { addresses, ...list } = entries.get(name)!.inOrder(ours.lastCall);
    if (!restoreEntries(core, address, list, addresses)) return false;
    if (core.restore_tenant(address) === 0) throw new Error(`tenant ${JSON.stringify(name)} cannot be merged`);
  }
  return true;
}

/** By insert, its place among those of both trees: 1 is the oldest. */
function rankInserts(ours: SnapshotContents, theirs: SnapshotContents): [Map<number, number>, Map<number, number>] {
  const [left, right] = [insertsOf(ours), insertsOf(theirs)];
  const ranks: [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  let [i, j] = [0, 0];
  for (let rank = left.length + right.length; rank > 0; rank--) {
    const takesOurs = j === right.length || (i < left.length && left[i]!.timeS >= right[j]!.timeS);
    if (takesOurs) ranks[0].set(left[i++]!.call, rank);
    else ranks[1].set(right[j++]!.call, rank);
  }
  return ranks;
}

/** The inserts of which anything is left, newest first. */
function insertsOf({ tenants, lastCall }: SnapshotContents): { call: number; timeS: number }[] {
  const times = new Map<number, number>();
  for (const { entries } of tenants) {
    for (let i = 0; i < entries.count; i++) times.set(entries.words[4 * i + 1]!, entries.doubles[2 * i + 1]!);
  }
  const age = (call: number): number => (lastCall - call) >>> 0;
  return Array.from(times, ([call, timeS]) => ({ call, timeS })).sort((a, b) => age(a.call) - age(b.call));
}

/** The entries of one tenant, from both trees: the latest for each node. */
class MergedEntries {
  readonly #byNode = new Map<number, { rank: number; timeS: number }>();
  /** Nodes as they have come: of each insert in the order of its tree. */
  readonly #order: { address: number; rank: number }[] = [];

  /** An entry is one of all nodes that its own has become: from where that ends up to where the one above ends. */
  add(
    { core, tenants, namespaces }: Restoring,
    { count, words, doubles }: EntryRows,
    { nodes }: SnapshotContents,
    ends: Uint32Array,
    ranks: Map<number, number>,
  ): void {
    namespaces.select(undefined, "text", false);
    const root = namespaces.root();
    const memory = tenants.words();
    for (let i = 0; i < count; i++) {
      const node = words[4 * i]!;
      const rank = ranks.get(words[4 * i + 1]!)!;
      const timeS = doubles[2 * i + 1]!;
      const parent = nodes.rows[4 * (node - 1)]!;
      const above = parent === 0 ? root : ends[parent]!;
      const parts: number[] = [];
      for (let address = ends[node]!; address !== above; address = memory[DESCRIBED]!) {
        parts.push(address);
        core.describe(address);
      }
      for (const address of parts.reverse()) {
        if ((this.#byNode.get(address)?.rank ?? 0) > rank) continue;
        this.#byNode.set(address, { rank, timeS });
        this.#order.push({ address, rank });
      }
    }
  }

  inOrder(lastCall: number): EntryRows & { addresses: Uint32Array } {
    const kept = this.#order.filter(({ address, rank }) => this.#byNode.get(address)!.rank === rank);
    kept.sort((a, b) => b.rank - a.rank);
    const words = new Uint32Array(4 * kept.length);
    const doubles = new Float64Array(words.buffer);
    for (const [i, { address, rank }] of kept.entries()) {
      words[4 * i] = i;
      words[4 * i + 1] = lastCall + rank;
      doubles[2 * i + 1] = this.#byNode.get(address)!.timeS;
    }
    return { count: kept.length, words, doubles, addresses: Uint32Array.from(kept, ({ address }) => address) };
  }
}
