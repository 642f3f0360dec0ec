import { describe, expect, test } from "vitest";
import { PrefixTree } from "../../src/tree/index.js";
import { checkInvariants } from "./invariants.js";

const ODD_NAMES = [
  "",
  "__proto__",
  "10",
  "2",
  "\0",
  "constructor",
  "hasOwnProperty",
  "\ud83d",
  "a\0b",
  "-1",
  "ﬁ",
  "é",
  "e\u0301",
];

describe("a tenant's name", () => {
  test("can be any string, and the order is that of adding", () => {
    const tree = new PrefixTree();
    tree.addTenants(ODD_NAMES, 1);
    ODD_NAMES.forEach((name, i) => {
      tree.insert("x".repeat(i), name, 2);
    });
    expect([...tree.tenantToCharCount]).toEqual(ODD_NAMES.map((name, i) => [name, i]));
    expect(tree.prefixMatch("").matchedTenants).toEqual(ODD_NAMES);
    expect([...tree.inspect().recency.keys()]).toEqual(ODD_NAMES);
    for (const name of ODD_NAMES) expect(tree.prefixMatch("", [name]).matchedTenants).toEqual([name]);
    expect([...tree.removeTenants(ODD_NAMES)]).toEqual(ODD_NAMES.map((name, i) => [name, i]));
    expect(tree.stats()).toMatchObject({ nodes: 1, entries: 0, tenants: 0, chars: 0 });
  });

  test("means nothing to a tree that has not been given it", () => {
    const tree = new PrefixTree();
    tree.addTenants(["a"], 1);
    for (const name of ODD_NAMES) {
      tree.insert("text", name, 2);
      expect(tree.evictTenantByLru(name, 1)).toBe(0);
      expect(tree.prefixMatch("text", [name]).matchedTenants).toBeNull();
      expect(tree.getSmallestTenants([name])).toBeNull();
      expect([...tree.removeTenants([name])]).toEqual([[name, 0]]);
    }
    expect([...tree.tenantToCharCount]).toEqual([["a", 0]]);
    expect(tree.stats().nodes).toBe(1);
  });
});

test("tenants come from any iterable, read once", () => {
  const tree = new PrefixTree();
  let reads = 0;
  function* names(): Generator<string> {
    reads++;
    yield* ["a", "b", "a"];
  }
  tree.addTenants(names(), 1);
  tree.addTenants(new Set(["b", "c"]), 2);
  expect(reads).toBe(1);
  expect([...tree.tenantToCharCount.keys()]).toEqual(["a", "b", "c"]);
  expect([...tree.inspect().nodes[0]!.times]).toEqual([
    ["a", 1],
    ["b", 1],
    ["c", 2],
  ]);
});

test("a tenant removed and added again comes last, with nothing", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b"], 1);
  tree.insert("text", "a", 1);
  tree.removeTenants(["a"]);
  tree.addTenants(["a"], 2);
  expect([...tree.tenantToCharCount]).toEqual([
    ["b", 0],
    ["a", 0],
  ]);
  expect(tree.prefixMatch("text").matchedChars).toBe(0);
});

test("what the tree returns is the caller's to change", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b"], 1);
  tree.insert("text", "a", 1);
  const before = tree.inspect();
  tree.tenantToCharCount.clear();
  tree.removeTenants([]).set("a", 9);
  tree.sweep({ evictionThreshold: 100, evictionTarget: 0 }).set("a", 9);
  tree.getSmallestTenants()!.length = 0;
  tree.prefixMatch("text").matchedTenants!.length = 0;
  tree.prefixMatch("").matchedTenants!.reverse();
  tree.prefixMatchEach("text", ["a"])[0] = 9;
  tree.stats().nodes = 9;
  const inspected = tree.inspect();
  inspected.nodes[1]!.times.clear();
  inspected.nodes.length = 0;
  inspected.recency.clear();
  expect(tree.inspect()).toEqual(before);
  expect([...tree.tenantToCharCount]).toEqual([
    ["a", 4],
    ["b", 0],
  ]);
  expect(tree.prefixMatch("").matchedTenants).toEqual(["a", "b"]);
});

test("1,000 tenants share one node and part from it", () => {
  const tree = new PrefixTree();
  const names = Array.from({ length: 1000 }, (_, i) => `replica ${i}`);
  tree.addTenants(names, 0);
  for (const name of names) tree.insert(`system prompt, then ${name}`, name, 1);

  expect(tree.prefixMatch("system prompt").matchedTenants).toEqual(names);
  expect(tree.prefixMatch("system prompt, then replica 777!").matchedTenants).toEqual(["replica 777"]);
  const some = ["replica 999", "nobody", "replica 0", "replica 31", "replica 999"];
  expect(tree.prefixMatch("system prompt", some).matchedTenants).toEqual(some.filter((name) => name !== "nobody"));
  expect(tree.getSmallestTenants()).toEqual(names.slice(0, 10));

  const odd = names.filter((_, i) => i % 2 === 1);
  tree.removeTenants(odd);
  expect(tree.prefixMatch("system prompt").matchedTenants).toEqual(names.filter((_, i) => i % 2 === 0));
  expect(tree.prefixMatch("system prompt, then replica 777").matchedText).toBe("system prompt, then replica 77");
  checkInvariants(tree);
});

test("more than 100,000 tenants are refused before anything is added or evicted", () => {
  const tree = new PrefixTree();
  const names = Array.from({ length: 100_000 }, (_, i) => `t${i}`);
  tree.addTenants(names, 0);
  tree.insert("kept", "t5", 1);
  expect(() => tree.addTenants(["one more"], 0)).toThrow("a tree has at most 100000 tenants, not 100001");
  expect(tree.tenantToCharCount.get("t5")).toBe(4);
  tree.addTenants(["t1", "t2"], 0);
  expect(tree.stats().tenants).toBe(100_000);
});
