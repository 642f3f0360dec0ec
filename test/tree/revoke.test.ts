import { expect, test } from "vitest";
import { PrefixTree } from "../../src/tree/index.js";
import { checkInvariants } from "./invariants.js";

function treeOf(...tenants: string[]): PrefixTree {
  const tree = new PrefixTree();
  tree.addTenants(tenants, 0);
  return tree;
}

test("insertRevocable does what insert does", () => {
  const [revocable, plain] = [treeOf("a", "b"), treeOf("a", "b")];
  for (const [text, tenant, timeS] of [
    ["prompt one", "a", 1],
    ["prompt two", "b", 2],
    ["", "a", 3],
    ["prompt 😀", "nobody", 4],
    ["prompt", "a", 5],
  ] as const) {
    revocable.insertRevocable(text, tenant, timeS);
    plain.insert(text, tenant, timeS);
    expect(revocable.inspect()).toEqual(plain.inspect());
  }
});

test("a revoked insert of a new text leaves nothing but the root's time", () => {
  const tree = treeOf("a");
  const receipt = tree.insertRevocable("häuser 😀", "a", 1);
  expect(tree.revokeInsert("häuser 😀", "a", receipt)).toBe(8);
  expect(tree.inspect()).toEqual({
    nodes: [{ parent: -1, text: "", times: new Map([["a", 1]]) }],
    recency: new Map([["a", [0]]]),
  });
});

test("what the tenant owned before stays, with the time and recency of the insert", () => {
  const tree = treeOf("a");
  tree.insert("prompt", "a", 1);
  tree.insert("other", "a", 2);
  const receipt = tree.insertRevocable("prompt and more", "a", 3);
  expect(tree.revokeInsert("prompt and more", "a", receipt)).toBe(9);
  const { nodes, recency } = tree.inspect();
  expect(nodes.map(({ text, times }) => [text, times.get("a")])).toEqual([
    ["", 3],
    ["other", 2],
    ["prompt", 3],
  ]);
  expect(recency.get("a")).toEqual([0, 2, 1]);
});

test("a node that the insert split off from what the tenant owned stays too", () => {
  const tree = treeOf("a");
  tree.insert("prompt one", "a", 1);
  const receipt = tree.insertRevocable("prompt two", "a", 2);
  expect(tree.revokeInsert("prompt two", "a", receipt)).toBe(3);
  expect(tree.prefixMatch("prompt one").matchedChars).toBe(10);
  expect(tree.tenantToCharCount.get("a")).toBe(10);
});

test("other tenants keep what they own of it", () => {
  const tree = treeOf("a", "b");
  tree.insert("prompt", "b", 1);
  const receipt = tree.insertRevocable("prompt", "a", 2);
  expect(tree.revokeInsert("prompt", "a", receipt)).toBe(6);
  expect(tree.prefixMatch("prompt").matchedTenants).toEqual(["b"]);
  checkInvariants(tree);
});

test("what a later insert has touched stays", () => {
  const tree = treeOf("a");
  const receipt = tree.insertRevocable("prompt and more", "a", 1);
  tree.insert("prompt", "a", 1);
  expect(tree.revokeInsert("prompt and more", "a", receipt)).toBe(9);
  expect(tree.prefixMatch("prompt and more").matchedText).toBe("prompt");
  checkInvariants(tree);
});

test("splits by others do not keep it from being taken back", () => {
  const tree = treeOf("a", "b");
  const receipt = tree.insertRevocable("prompt and more", "a", 1);
  for (const text of ["prompt and less", "prom", "prompt and more of it"]) tree.insert(text, "b", 2);
  expect(tree.revokeInsert("prompt and more", "a", receipt)).toBe(15);
  expect(tree.tenantToCharCount.get("a")).toBe(0);
  checkInvariants(tree);
});

test("two inserts can be revoked in either order", () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const tree = treeOf("a");
    const inserts = ["prompt", "prompt and more"].map((text) => ({
      text,
      receipt: tree.insertRevocable(text, "a", 1),
    }));
    for (const i of order) tree.revokeInsert(inserts[i]!.text, "a", inserts[i]!.receipt);
    // The second call touched "prompt", which the first had given: it is no longer the first's, and was never the second's.
    expect(tree.prefixMatch("prompt and more").matchedText).toBe("prompt");
    checkInvariants(tree);
  }
});

test.each<[string, (tree: PrefixTree) => void]>([
  ["was revoked already", (tree) => tree.revokeInsert("prompt", "a", { call: 1, keptChars: 0, namespace: undefined })],
  ["was evicted", (tree) => tree.evictTenantByLru("a", 6)],
  ["was inserted again", (tree) => tree.insert("prompt", "a", 1)],
  ["was evicted and inserted again", (tree) => [tree.evictTenantByLru("a", 6), tree.insert("prompt", "a", 1)]],
  ["belongs to a tenant that is gone", (tree) => tree.removeTenants(["a"])],
  ["belongs to a tenant that is new under its name", (tree) => [tree.removeTenants(["a"]), tree.addTenants(["a"], 1)]],
])("revoking what %s takes nothing", (_, happen) => {
  const tree = treeOf("a");
  const receipt = tree.insertRevocable("prompt", "a", 1);
  happen(tree);
  const before = tree.inspect();
  expect(tree.revokeInsert("prompt", "a", receipt)).toBe(0);
  expect(tree.inspect()).toEqual(before);
});

test("the receipt of an insert for an unknown tenant takes nothing, even when the tenant has come since", () => {
  const tree = treeOf("a");
  const receipt = tree.insertRevocable("prompt", "late", 1);
  tree.addTenants(["late"], 1);
  tree.insert("prompt", "late", 1);
  expect(tree.revokeInsert("prompt", "late", receipt)).toBe(0);
  expect(tree.prefixMatch("prompt").matchedTenants).toEqual(["late"]);
});

test("in the namespace of the insert only", () => {
  const tree = treeOf("a");
  tree.insert("prompt", "a", 1);
  const receipt = tree.insertRevocable("prompt", "a", 1, "model");
  expect(tree.revokeInsert("prompt", "a", receipt)).toBe(6);
  expect(tree.prefixMatch("prompt").matchedChars).toBe(6);
  expect(tree.prefixMatch("prompt", null, "model").matchedChars).toBe(0);
});

test("a text of several windows", () => {
  const tree = treeOf("a", "b");
  const text = `${"x".repeat(16_384)}${"語".repeat(20_000)}`;
  tree.insert("x".repeat(16_380), "a", 1);
  const receipt = tree.insertRevocable(text, "a", 2);
  tree.insert(`${"x".repeat(16_384)}語語`, "b", 3);
  expect(tree.revokeInsert(text, "a", receipt)).toBe(20_004);
  expect(tree.tenantToCharCount.get("a")).toBe(16_380);
  checkInvariants(tree);
});
