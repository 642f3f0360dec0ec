import { expect, test } from "vitest";
import { PrefixTree } from "../../src/tree/index.js";

test("a set keeps the order and repeats of its names, whatever becomes of the array", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b"], 0);
  const names = ["b", "a", "b"];
  const set = tree.tenantSet(names);
  names.length = 0;
  expect(set.names).toEqual(["b", "a", "b"]);
  expect(Object.isFrozen(set.names)).toBe(true);
  expect(tree.prefixMatch("", set).matchedTenants).toEqual(["b", "a", "b"]);
  expect(tree.getSmallestTenants(set)).toEqual(["b", "a"]);
  expect([...tree.prefixMatchEach("", set)]).toEqual([0, 0, 0]);
});

test("a name in a set counts while the tree has a tenant of that name", () => {
  const tree = new PrefixTree();
  const set = tree.tenantSet(["a", "b"]);
  const matched = (): [number, string[] | null] => {
    const found = tree.prefixMatch("text", set);
    return [found.matchedChars, found.matchedTenants];
  };
  expect(matched()).toEqual([0, null]);
  tree.addTenants(["x", "b"], 0);
  expect(matched()).toEqual([0, ["b"]]);
  tree.insert("text", "x", 1);
  expect(matched()).toEqual([0, ["b"]]);
  tree.insert("te", "b", 1);
  expect(matched()).toEqual([2, ["b"]]);
  tree.addTenants(["a"], 1);
  tree.insert("tex", "a", 1);
  expect(matched()).toEqual([3, ["a"]]);
  tree.removeTenants(["a", "b"]);
  expect(matched()).toEqual([0, null]);
});

test("a tenant that has taken the place of a removed one is not in the set", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a"], 0);
  const set = tree.tenantSet(["a"]);
  expect(tree.prefixMatch("", set).matchedTenants).toEqual(["a"]);
  tree.removeTenants(["a"]);
  tree.addTenants(["b"], 0);
  tree.insert("text", "b", 1);
  expect(tree.prefixMatch("text", set)).toMatchObject({ matchedChars: 0, matchedTenants: null });
});

test("a set stays right when the tree comes to have more tenants than fit in one word, or in two", () => {
  const tree = new PrefixTree();
  tree.addTenants(["t0"], 0);
  tree.insert("text", "t0", 1);
  const set = tree.tenantSet(["t0"]);
  for (let i = 1; i < 200; i++) {
    tree.addTenants([`t${i}`], 0);
    expect(tree.prefixMatch("text", set)).toMatchObject({ matchedChars: 4, matchedTenants: ["t0"] });
    expect(tree.prefixMatch("text", [`t${i}`])).toMatchObject({ matchedChars: 0, matchedTenants: [`t${i}`] });
  }
});

test("several sets and arrays take turns", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b", "c"], 0);
  for (const [i, name] of ["a", "b", "c"].entries()) tree.insert("text".slice(0, i + 1), name, 1);
  const [first, second] = [tree.tenantSet(["a"]), tree.tenantSet(["b"])];
  for (let turn = 0; turn < 3; turn++) {
    expect(tree.prefixMatch("text", first).matchedChars).toBe(1);
    expect(tree.prefixMatch("text", second).matchedChars).toBe(2);
    expect(tree.prefixMatch("text").matchedChars).toBe(3);
    expect(tree.prefixMatch("text", ["a", "b"]).matchedChars).toBe(2);
  }
});

test("a set is for its own tree only", () => {
  const [tree, other] = [new PrefixTree(), new PrefixTree()];
  for (const each of [tree, other]) each.addTenants(["a"], 0);
  const foreign = other.tenantSet(["a"]);
  expect(() => tree.prefixMatch("text", foreign)).toThrow(TypeError);
  expect(() => tree.getSmallestTenants(foreign)).toThrow(TypeError);
  expect(() => tree.prefixMatchEach("text", foreign)).toThrow(TypeError);
  expect(() => tree.matchThenInsert("text", foreign, () => "a", 1)).toThrow(
    "availableTenants is a TenantSet of another tree",
  );
  expect(tree.tenantToCharCount.get("a")).toBe(0);
});
