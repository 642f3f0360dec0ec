import { describe, expect, test } from "vitest";
import { PrefixTree } from "../../src/tree/index.js";

const EXTREMES = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -Number.MIN_VALUE, -0, 0, 2 ** 53 + 2, 1e-310];

function treeOf(...inserts: [text: string, timeS: number][]): PrefixTree {
  const tree = new PrefixTree();
  tree.addTenants(["t"], 0);
  for (const [text, timeS] of inserts) tree.insert(text, "t", timeS);
  return tree;
}

describe("a time", () => {
  test.each(EXTREMES)("of %d is kept to the bit", (timeS) => {
    const tree = new PrefixTree();
    tree.addTenants(["t"], timeS);
    tree.insert("text", "t", timeS);
    expect(tree.inspect().nodes.map(({ times }) => times.get("t"))).toEqual([timeS, timeS]);
  });

  test("replaces an older one and a later one", () => {
    for (const timeS of EXTREMES) {
      const tree = treeOf(["text", 1], ["text", timeS]);
      expect(tree.inspect().nodes[1]!.times.get("t")).toBe(timeS);
    }
  });

  test("that differs in its last bit is another run", () => {
    const tree = treeOf(["a", 0.1 + 0.2], ["b", 0.3]);
    expect(tree.evictTenantByLru("t", 1)).toBe(1);
    expect(tree.evictTenantByLru("t", 1)).toBe(1);
  });

  test("of -0 and one of 0 are equal: one run", () => {
    const tree = treeOf(["a", -0], ["b", 0], ["c", Number.MIN_VALUE]);
    expect(tree.evictTenantByLru("t", 1)).toBe(2);
    expect(tree.prefixMatch("c").matchedChars).toBe(1);
  });

  test("does not decide what is oldest: the order of the calls does", () => {
    const tree = treeOf(["first", Number.MAX_VALUE], ["second", -Number.MAX_VALUE]);
    tree.evictTenantByLru("t", 1);
    expect(tree.prefixMatch("first").matchedChars).toBe(0);
    expect(tree.prefixMatch("second").matchedChars).toBe(6);
  });

  test("is now, in seconds, where the caller gives none", () => {
    const tree = new PrefixTree();
    const before = Date.now() / 1000;
    tree.addTenants(["t"]);
    tree.insert("text", "t");
    const after = Date.now() / 1000;
    for (const { times } of tree.inspect().nodes) {
      expect(times.get("t")).toBeGreaterThanOrEqual(before);
      expect(times.get("t")).toBeLessThanOrEqual(after);
    }
  });
});
