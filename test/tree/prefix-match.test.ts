import { describe, expect, test } from "vitest";
import { type PrefixMatch, PrefixTree } from "../../src/tree/index.js";

describe("a match is read after it was made, and still says what was found", () => {
  // With 3 tenants the owners are two words in the match; with 100 an array of their own.
  describe.each([3, 100])("in a tree of %d tenants", (tenantCount) => {
    const names = Array.from({ length: tenantCount }, (_, i) => `t${i}`);
    const last = names.at(-1)!;

    function match(candidates?: string[]): { tree: PrefixTree; found: PrefixMatch } {
      const tree = new PrefixTree();
      tree.addTenants(names, 0);
      tree.insert("héllo world", "t0", 1);
      tree.insert("héllo there", last, 2);
      return { tree, found: tree.prefixMatch("héllo 😀", candidates) };
    }

    function expectFound(found: PrefixMatch): void {
      expect(found.matchedChars).toBe(6);
      expect(found.matchedText).toBe("héllo ");
      expect(found.matchedTenants).toEqual(["t0", last]);
    }

    test("when the tree has learned more, and been matched again", () => {
      const { tree, found } = match();
      tree.insert("héllo 😀", "t1", 3);
      for (let i = 0; i < 100; i++) tree.insert(`${i} ${"x".repeat(5000)}`, "t1", 4);
      expect(tree.prefixMatch("nothing").matchedChars).toBe(0);
      expectFound(found);
    });

    test("when all of it was evicted", () => {
      const { tree, found } = match();
      for (const name of names) tree.evictTenantByLru(name, 1000);
      expectFound(found);
    });

    test("when the tenants are gone and others have their places", () => {
      const { tree, found } = match();
      tree.removeTenants(names);
      tree.addTenants(names.map((name) => `new ${name}`).reverse(), 3);
      expectFound(found);
    });

    test("when they have come back in another order", () => {
      const { tree, found } = match();
      tree.removeTenants(names);
      tree.addTenants(names.toReversed(), 3);
      expectFound(found);
    });

    test("when there are many more tenants", () => {
      const { tree, found } = match();
      tree.addTenants(
        Array.from({ length: 500 }, (_, i) => `more ${i}`),
        3,
      );
      expectFound(found);
    });

    test("when the caller has changed its array of candidates", () => {
      const candidates = ["t0", last];
      const { found } = match(candidates);
      candidates.reverse();
      candidates.push("t1");
      candidates[0] = "nobody";
      expectFound(found);
    });

    test("when the tree was disposed of", () => {
      const { tree, found } = match();
      tree[Symbol.dispose]();
      expectFound(found);
    });

    test("however often it is read: each time in an array of its own", () => {
      const { found } = match();
      found.matchedTenants!.length = 0;
      expectFound(found);
    });
  });
});

test("the caller may change its array between two matches", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b"], 0);
  tree.insert("text", "a", 1);
  const candidates = ["a"];
  expect(tree.prefixMatch("text", candidates).matchedChars).toBe(4);
  candidates[0] = "b";
  expect(tree.prefixMatch("text", candidates).matchedChars).toBe(0);
});

test("a match changes neither times nor recency", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a"], 0);
  tree.insert("old", "a", 1);
  tree.insert("new", "a", 2);
  const before = tree.inspect();
  tree.prefixMatch("old", ["a"]);
  tree.prefixMatchEach("old", ["a"]);
  tree.matchThenInsert("old", null, () => null, 3);
  expect(tree.inspect()).toEqual(before);
  expect(tree.evictTenantByLru("a", 1)).toBe(3);
  expect(tree.prefixMatch("new").matchedChars).toBe(3);
});

describe("candidates", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b", "c"], 0);
  tree.insert("ab", "a", 1);
  tree.insert("abc", "b", 1);

  test.each([
    [undefined, 3, ["b"]],
    [null, 3, ["b"]],
    [[], 3, ["b"]],
    [["a", "c", "a"], 2, ["a", "a"]],
    [["c", "nobody"], 0, ["c"]],
    [["nobody"], 0, null],
  ])("%j", (available, chars, tenants) => {
    for (const candidates of [available, available && tree.tenantSet(available)]) {
      const found = tree.prefixMatch("abcd", candidates);
      expect([found.matchedChars, found.matchedTenants]).toEqual([chars, tenants]);
    }
  });

  test("an empty list means everyone to prefixMatch, nobody to getSmallestTenants", () => {
    for (const nobody of [[], tree.tenantSet([])]) {
      expect(tree.prefixMatch("", nobody).matchedTenants).toEqual(["a", "b", "c"]);
      expect(tree.getSmallestTenants(nobody)).toBeNull();
    }
  });

  test("getSmallestTenants keeps the list's order and drops repeats", () => {
    tree.addTenants(["d"], 0);
    expect(tree.getSmallestTenants(["d", "b", "c", "d", "nobody"])).toEqual(["d", "c"]);
  });
});

describe("matchThenInsert", () => {
  test("gives the match to the caller and the text to the tenant it names", () => {
    const tree = new PrefixTree();
    tree.addTenants(["a", "b"], 0);
    tree.insert("ab", "a", 1);
    const receipt = tree.matchThenInsert(
      "abc",
      null,
      ({ matchedText, matchedTenants }) => {
        expect([matchedText, matchedTenants]).toEqual(["ab", ["a"]]);
        return "b";
      },
      2,
    );
    expect(tree.prefixMatch("abc").matchedTenants).toEqual(["b"]);
    expect(tree.revokeInsert("abc", "b", receipt!)).toBe(3);
  });

  test("inserts nothing for null, for an unknown tenant, or when choosing throws", () => {
    const tree = new PrefixTree();
    tree.addTenants(["a"], 0);
    const before = tree.inspect();
    expect(tree.matchThenInsert("text", null, () => null, 1)).toBeNull();
    expect(tree.matchThenInsert("text", null, () => "nobody", 1)).toBeNull();
    const choose = (): string => {
      throw new Error("no choice");
    };
    expect(() => tree.matchThenInsert("text", null, choose, 1)).toThrow("no choice");
    expect(tree.inspect()).toEqual(before);
  });

  test("refuses calls on the tree while the caller chooses, and takes them again after", () => {
    const tree = new PrefixTree();
    tree.addTenants(["a"], 0);
    const meddle = (): string => {
      tree.insert("other", "a", 1);
      return "a";
    };
    expect(() => tree.matchThenInsert("text", null, meddle, 1)).toThrow("inside the choose function");
    expect(tree.tenantToCharCount.get("a")).toBe(0);
    tree.insert("other", "a", 1);
    expect(tree.tenantToCharCount.get("a")).toBe(5);
  });
});

test("matchThenInsert whose candidates are all unknown inserts its own text, not the one walked before", () => {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b"], 0);
  tree.insert("SECRET one", "a", 1);
  tree.prefixMatch("SECRET two");
  tree.matchThenInsert("PUBLIC txt", ["nobody"], () => "b", 2);
  expect(tree.prefixMatch("PUBLIC txt", ["b"]).matchedText).toBe("PUBLIC txt");
  expect(tree.prefixMatch("SECRET two", ["b"]).matchedChars).toBe(0);
});
