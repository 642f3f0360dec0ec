import assert from "node:assert/strict";
import type { Text, TreeUnderTest } from "./adapter.js";

/** Throws unless the tree is whole: what holds after every call, whatever was called before. */
export function checkInvariants(tree: TreeUnderTest): void {
  const { nodes, recency } = tree.dump();
  const counts = tree.counts();
  const owned = new Map(counts.map(([tenant]) => [tenant, { nodes: [] as number[], characters: 0 }]));
  const ownersOf = nodes.map(({ times }) => new Set(times.map(([tenant]) => tenant)));
  const tokens = new Set<number>();
  nodes.forEach(({ parent, text, namespace, times }, index) => {
    const isRoot = index === 0 || namespace !== null;
    assert.equal(parent === -1, isRoot, `node ${index}: roots, and no other nodes, have no parent`);
    assert.equal(text === "", isRoot, `node ${index}: roots, and no other nodes, have no text`);
    assert(index === 0 || times.length > 0, `node ${index}: it has an owner`);
    if (namespace?.startsWith("t") || tokens.has(parent)) tokens.add(index);
    const characters = tokens.has(index) ? text.split(" ").length - 1 : Array.from(text).length;
    for (const [tenant] of times) {
      const total = owned.get(tenant);
      assert(total !== undefined, `node ${index}: its owner ${JSON.stringify(tenant)} is known`);
      assert(isRoot || ownersOf[parent]!.has(tenant), `node ${index}: who owns it owns its parent`);
      total.nodes.push(index);
      total.characters += characters;
    }
  });
  for (const [tenant, count] of counts) {
    const { nodes, characters } = owned.get(tenant)!;
    assert.equal(nodes[0], 0, "a known tenant owns the root");
    assert.equal(count, characters, "a tenant's count is the characters of the nodes it owns");
  }
  assert.deepEqual(
    recency.map(([tenant]) => tenant),
    [...owned.keys()],
  );
  for (const [tenant, list] of recency) {
    assert.equal(list[0], 0, "a list begins with the root");
    const inOrder = list.toSorted((a, b) => a - b);
    assert.deepEqual(inOrder, owned.get(tenant)!.nodes, "a list has each node its tenant owns, once");
  }
}

/**
 * Throws unless the tree is as an insert leaves it: the nodes that spell the text are the tenant's newest, the deepest first
 * of all, with the insert's time.
 */
export function checkInserted(tree: TreeUnderTest, { text, tenant, timeS }: Insert): void {
  const { nodes, recency } = tree.dump();
  const timeOf = (node: number): number | undefined => nodes[node]!.times.find(([name]) => name === tenant)?.[1];
  const [root, ...newestFirst] = recency.find(([name]) => name === tenant)![1];
  let spelled = "";
  let node = newestFirst[0];
  for (const index of text.length === 0 ? [] : newestFirst) {
    assert.equal(index, node, "an insert's nodes follow each other in the list, the deepest first");
    assert.equal(timeOf(index), timeS, "an insert's nodes have its time");
    spelled = nodes[index]!.text + spelled;
    node = nodes[index]!.parent;
    if (node <= 0) break;
  }
  const wanted = typeof text === "string" ? text : text.map((token) => `${token} `).join("");
  assert.equal(spelled, wanted, "an insert's nodes spell its text");
  assert.equal(timeOf(root!), timeS, "the root has the insert's time");
}

interface Insert {
  text: Text;
  tenant: string;
  timeS: number;
}
