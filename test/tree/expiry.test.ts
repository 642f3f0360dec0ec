import { describe, expect, test } from "vitest";
import { type Eviction, PrefixTree } from "../../src/tree/index.js";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import fc from "../properties.js";
import { BUILDS } from "./builds.js";
import { checkInvariants } from "./invariants.js";

function treeOf(ttlSecs: number | undefined, onEvict?: (eviction: Eviction) => void): PrefixTree {
  const tree = new PrefixTree({ ...(ttlSecs === undefined ? {} : { ttlSecs }), ...(onEvict ? { onEvict } : {}) });
  tree.addTenants(["a", "b"], 0);
  return tree;
}

describe("ttlSecs", () => {
  test("a text that nobody touched for longer is no longer matched, and no longer held", () => {
    const tree = treeOf(60);
    tree.insert("hello world", "a", 100);
    expect(tree.prefixMatch("hello world", null, undefined, 160).matchedText).toBe("hello world");
    expect(tree.prefixMatch("hello world", null, undefined, 160.5).matchedChars).toBe(0);
    expect(tree.tenantToCharCount).toEqual(
      new Map([
        ["a", 0],
        ["b", 0],
      ]),
    );
    expect(tree.stats()).toMatchObject({ nodes: 1, expiryEvictions: 1, expiryEvictedChars: 11, pressureEvictions: 0 });
  });

  test("touching a prefix keeps the prefix only", () => {
    const tree = treeOf(60);
    tree.insert("hello world", "a", 100);
    tree.insert("hello", "a", 150);
    expect(tree.prefixMatch("hello world", null, undefined, 170).matchedText).toBe("hello");
  });

  test("touching for one tenant does nothing for another", () => {
    const tree = treeOf(60);
    tree.insert("hello", "a", 100);
    tree.insert("hello", "b", 150);
    expect(tree.prefixMatch("hello", null, undefined, 170).matchedTenants).toEqual(["b"]);
    expect(tree.prefixMatch("hello", ["a"], undefined, 170).matchedChars).toBe(0);
  });

  test.each([
    ["insert", (tree: PrefixTree) => tree.insert("x", "b", 200)],
    ["insert for a tenant that is not known", (tree: PrefixTree) => tree.insert("x", "nobody", 200)],
    ["insertTokens", (tree: PrefixTree) => tree.insertTokens([1], "b", 200)],
    ["insertRevocable", (tree: PrefixTree) => tree.insertRevocable("x", "b", 200)],
    ["matchThenInsert", (tree: PrefixTree) => tree.matchThenInsert("x", null, () => null, 200)],
    ["prefixMatch", (tree: PrefixTree) => tree.prefixMatch("x", null, undefined, 200)],
    ["prefixMatch in a namespace that is not there", (tree: PrefixTree) => tree.prefixMatch("x", null, "n", 200)],
    ["prefixMatchTokens", (tree: PrefixTree) => tree.prefixMatchTokens([1], null, undefined, 200)],
    ["prefixMatchEach", (tree: PrefixTree) => tree.prefixMatchEach("x", ["b"], undefined, 200)],
    ["prefixMatchEach of no tenant", (tree: PrefixTree) => tree.prefixMatchEach("x", [], undefined, 200)],
    ["expire", (tree: PrefixTree) => tree.expire(200)],
  ])("%s removes what has expired by its time, oldest insert first, and reports it", (_, call) => {
    const gone: Eviction[] = [];
    const tree = treeOf(60, (eviction) => gone.push(eviction));
    tree.insert("first", "a", 100);
    tree.insert("second!", "b", 101, "n");
    tree.insert("kept", "a", 150);
    call(tree);
    expect(gone).toEqual([
      { tenant: "a", chars: 5, reason: "expiry" },
      { tenant: "b", chars: 7, reason: "expiry" },
    ]);
    expect(tree.tenantToCharCount.get("a")).toBe(4);
    checkInvariants(tree);
  });

  test("expire gives the characters by name", () => {
    const tree = treeOf(60);
    tree.insert("one", "a", 1);
    tree.insert("three", "a", 2);
    tree.insert("kept", "b", 50);
    expect(tree.expire(100)).toEqual(new Map([["a", 8]]));
    expect(tree.expire(100)).toEqual(new Map());
    expect(treeOf(undefined).expire(100)).toEqual(new Map());
  });

  test("time does not run backwards: an earlier time counts as the latest given", () => {
    const tree = treeOf(60);
    tree.insert("x", "a", 1000);
    tree.insert("hello", "b", 5);
    expect(tree.prefixMatch("hello", null, undefined, 1).matchedChars).toBe(5);
    expect(tree.inspect().nodes.map(({ times }) => times.get("b"))).toContain(1000);
  });

  test("a restored tree goes on from the latest time given, and expires what the other would", () => {
    const tree = treeOf(60);
    tree.insert("hello", "a", 1000);
    tree.expire(1050);
    const restored = PrefixTree.restore(tree.snapshot(), { ttlSecs: 60 });
    for (const one of [tree, restored]) {
      one.insert("later", "b", 5);
      expect(one.inspect().nodes.map(({ times }) => times.get("b"))).toContain(1050);
      expect(one.prefixMatch("hello", null, undefined, 1061).matchedChars).toBe(0);
    }
    const fromOther = treeOf(undefined);
    fromOther.insert("hello", "a", 1000);
    const expiring = PrefixTree.restore(fromOther.snapshot(), { ttlSecs: 60 });
    expiring.insert("later", "b", 5);
    expect(expiring.inspect().nodes.map(({ times }) => times.get("b"))).toContain(1000);
  });

  test("expire does not name a tenant that lost no character", () => {
    const tree = treeOf(5);
    tree.insert("x", "a", 0, "n");
    tree.insert("", "a", 1, "n");
    tree.evictTenantByLru("a", 1);
    expect(tree.expire(7)).toEqual(new Map());
  });

  test("without it nothing expires", () => {
    const tree = treeOf(undefined);
    tree.insert("hello", "a", 0);
    expect(tree.prefixMatch("hello", null, undefined, 1e12).matchedChars).toBe(5);
  });

  test("a time that is none is refused, and nothing expires", () => {
    const tree = treeOf(60);
    tree.insert("hello", "a", 100);
    expect(() => tree.prefixMatch("hello", null, undefined, Number.NaN)).toThrow(RangeError);
    expect(() => tree.expire("1000" as never)).toThrow(TypeError);
    expect(() => tree.insert("x", "a", Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(tree.tenantToCharCount.get("a")).toBe(5);
  });

  test("what onEvict throws comes after the effect", () => {
    const tree = treeOf(60, () => {
      throw new Error("mine");
    });
    tree.insert("old", "a", 100);
    expect(() => tree.insert("new", "a", 200)).toThrow("mine");
    expect(tree.tenantToCharCount.get("a")).toBe(3);
  });
});

const call = fc.record({
  text: fc.array(fc.constantFrom("a", "b", "語", "😀"), { maxLength: 6 }).map((parts) => parts.join("")),
  tenant: fc.constantFrom("a", "b"),
  step: fc.constantFrom(0, 0, 1, 3, 10),
  namespace: fc.constantFrom(undefined, "n"),
});

for (const [build, module] of BUILDS) {
  test(`a tree with ttlSecs is a tree from which everything older is taken (${build} core)`, () => {
    fc.assert(
      fc.property(
        fc.array(call, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        (calls, ttlSecs) => {
          const tree = createTreeWith(module, { ttlSecs });
          tree.addTenants(["a", "b"], 0);
          /** By namespace, tenant and text: when each prefix was last touched. */
          const touched = new Map<string, number>();
          let now = 0;
          for (const { text, tenant, step, namespace } of calls) {
            now += step;
            tree.insert(text, tenant, now, namespace);
            const characters = Array.from(text);
            for (let n = 1; n <= characters.length; n++) {
              touched.set(`${namespace} ${tenant} ${characters.slice(0, n).join("")}`, now);
            }
            for (const probe of calls) {
              const wanted = Array.from(probe.text).findLastIndex((_, i, all) => {
                const time = touched.get(`${probe.namespace} ${probe.tenant} ${all.slice(0, i + 1).join("")}`);
                return time !== undefined && time >= now - ttlSecs;
              });
              const found = tree.prefixMatch(probe.text, [probe.tenant], probe.namespace, now);
              expect(found.matchedChars).toBe(wanted + 1);
            }
          }
          checkInvariants(tree);
        },
      ),
      { numRuns: 100 },
    );
  });
}
