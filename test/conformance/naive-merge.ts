import type { NaiveNode } from "./naive-node.js";
import { NaiveStructure } from "./naive-structure.js";

/**
 * All that two trees have, as one: every node of either, cut where the other's end; of two entries of one tenant at a node that of the
 * later insert. The inserts are numbered anew, above ours: by their times, in each tree's own order; of equal times ours is the later.
 */
export function mergedOf(ours: NaiveStructure, theirs: NaiveStructure): NaiveStructure {
  const merged = new NaiveStructure();
  for (const node of [ours, theirs].flatMap((tree) => tree.nodesInOrder())) graft(merged, node);
  const calls = numberInserts(ours, theirs);
  merged.calls = ours.calls + calls[0].size + calls[1].size;
  for (const tenant of new Set([...ours.recency.keys(), ...theirs.recency.keys()])) {
    const entries: { node: NaiveNode; timeS: number; call: number }[] = [];
    const rootTimes: number[] = [];
    for (const [which, tree] of [ours, theirs].entries()) {
      const [root, ...nodes] = tree.recency.get(tenant) ?? [];
      if (root !== undefined) rootTimes.push(root.owners.get(tenant)!.timeS);
      for (const node of nodes) {
        const { timeS, call } = node.owners.get(tenant)!;
        for (const part of partsOf(merged, node)) entries.push({ node: part, timeS, call: calls[which]!.get(call)! });
      }
    }
    entries.sort((a, b) => b.call - a.call);
    const latest = new Map<NaiveNode, (typeof entries)[number]>();
    for (const entry of entries) if (!latest.has(entry.node)) latest.set(entry.node, entry);
    for (const [node, { timeS, call }] of latest) node.owners.set(tenant, { timeS, call });
    merged.root.owners.set(tenant, { timeS: Math.max(...rootTimes), call: 0 });
    merged.recency.set(tenant, [merged.root, ...latest.keys()]);
    merged.characterCounts.set(
      tenant,
      [...latest.keys()].reduce((sum, { text }) => sum + text.length, 0),
    );
  }
  return merged;
}

/** Sees to it that a node ends where this one does. */
function graft(merged: NaiveStructure, node: NaiveNode): void {
  const { namespace, characters } = node.place();
  let at = merged.startFor(namespace);
  for (let rest = characters; rest.length > 0; rest = rest.slice(at.text.length)) at = merged.childFor(at, rest);
}

/** What a node has become, the upper part first, as a split leaves them. */
function partsOf(merged: NaiveStructure, node: NaiveNode): NaiveNode[] {
  const [whole, above] = [node, node.parent!].map((each) => {
    const { namespace, characters } = each.place();
    return merged.pathOf(characters, namespace).whole;
  });
  return whole!.slice(above!.length);
}

/** By old number the new one, of each tree's inserts. */
function numberInserts(ours: NaiveStructure, theirs: NaiveStructure): [Map<number, number>, Map<number, number>] {
  const [left, right] = [insertsOf(ours), insertsOf(theirs)];
  const numbers: [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  for (let next = ours.calls + left.length + right.length; next > ours.calls; next--) {
    const isOurs = right[0] === undefined || (left[0] !== undefined && left[0].timeS >= right[0].timeS);
    const { call } = (isOurs ? left : right).shift()!;
    numbers[isOurs ? 0 : 1].set(call, next);
  }
  return numbers;
}

/** The inserts of which anything is left, the latest first. */
function insertsOf(tree: NaiveStructure): { call: number; timeS: number }[] {
  const times = new Map<number, number>();
  for (const node of tree.nodesInOrder().filter((each) => each !== tree.root)) {
    for (const { call, timeS } of node.owners.values()) times.set(call, timeS);
  }
  return Array.from(times, ([call, timeS]) => ({ call, timeS })).sort((a, b) => b.call - a.call);
}
