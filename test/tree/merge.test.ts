import { describe, expect, test } from "vitest";
import { type Eviction, PrefixTree, SnapshotError } from "../../src/tree/index.js";
import fc from "../properties.js";
import { checkInvariants } from "./invariants.js";

type Insert = [text: string, tenant: string, timeS: number, namespace?: string | undefined];

function treeOf(tenants: string[], ...inserts: Insert[]): PrefixTree {
  const tree = new PrefixTree();
  tree.addTenants(tenants, 0);
  for (const [text, tenant, timeS, namespace] of inserts) tree.insert(text, tenant, timeS, namespace);
  return tree;
}

/** Each node's path, its parts set apart by "|", with the times of its owners. */
function paths(tree: PrefixTree): Record<string, Record<string, number>> {
  const { nodes } = tree.inspect();
  const path = (i: number): string => {
    const { parent, text, namespace } = nodes[i]!;
    return parent < 0 ? (namespace ? `${namespace.name}:` : "") : `${path(parent)}|${text}`;
  };
  return Object.fromEntries(nodes.slice(1).map(({ times }, i) => [path(i + 1), Object.fromEntries(times)]));
}

function stateOf(tree: PrefixTree): unknown {
  const { nodes, recency } = tree.inspect();
  return [nodes.map((node) => ({ ...node, times: [...node.times] })), [...recency], [...tree.tenantToCharCount]];
}

describe("merge", () => {
  test("gives every tenant what it owned in either tree; the later time wins", () => {
    const ours = treeOf(["a", "b"], ["hello world", "a", 1], ["hello", "b", 5]);
    const theirs = treeOf(["b", "c"], ["hello there", "b", 3], ["hello", "c", 4], ["other", "b", 2, "n"]);
    ours.merge(theirs.snapshot());
    expect(paths(ours)).toEqual({
      "|hello": { a: 1, b: 5, c: 4 },
      "|hello| ": { a: 1, b: 3 },
      "|hello| |world": { a: 1 },
      "|hello| |there": { b: 3 },
      "n:": { b: 2 },
      "n:|other": { b: 2 },
    });
    expect(ours.tenantToCharCount).toEqual(
      new Map([
        ["a", 11],
        ["b", 16],
        ["c", 5],
      ]),
    );
    checkInvariants(ours);
  });

  test("puts recency in the order of time, of equal times ours first", () => {
    const ours = treeOf(["a"], ["one", "a", 1], ["four", "a", 4], ["same", "a", 5]);
    const theirs = treeOf(["a"], ["two", "a", 2], ["three", "a", 3], ["equal", "a", 5]);
    ours.merge(theirs.snapshot());
    const { nodes, recency } = ours.inspect();
    expect(recency.get("a")!.map((i) => nodes[i]!.text)).toEqual([
      "",
      "same",
      "equal",
      "four",
      "hree",
      "t",
      "wo",
      "one",
    ]);
  });

  test("evicts what was inserted longest ago in either where the bounds are too small, and says so", () => {
    const gone: Eviction[] = [];
    const ours = new PrefixTree({ maxChars: 10, onEvict: (eviction) => gone.push(eviction) });
    ours.addTenants(["a"], 0);
    ours.insert("older", "a", 1);
    ours.insert("newer", "a", 3);
    ours.merge(treeOf(["b"], ["their", "b", 2]).snapshot());
    expect(gone).toEqual([{ tenant: "a", chars: 5, reason: "pressure" }]);
    expect(Object.keys(paths(ours))).toEqual(["|newer", "|their"]);
    expect(ours.stats()).toMatchObject({ chars: 10, pressureEvictions: 1, pressureEvictedChars: 5 });
  });

  test("voids the receipts of inserts from before, and no other", () => {
    const ours = treeOf(["a"]);
    const receipt = ours.insertRevocable("hello", "a", 1);
    ours.merge(treeOf(["a"], ["x", "a", 0], ["y", "a", 2]).snapshot());
    expect(ours.revokeInsert("hello", "a", receipt)).toBe(0);
    expect(ours.revokeInsert("again", "a", ours.insertRevocable("again", "a", 3))).toBe(5);
    expect(Object.keys(paths(ours))).toEqual(["|hello", "|x", "|y"]);
  });

  test("keeps a TenantSet right, whatever slots its tenants now have", () => {
    const ours = treeOf(["gone", "a"], ["hello", "a", 1]);
    const set = ours.tenantSet(["b", "a"]);
    expect(ours.prefixMatch("hello", set).matchedTenants).toEqual(["a"]);
    ours.removeTenants(["gone"]);
    ours.merge(treeOf(["b"], ["hello!", "b", 1]).snapshot());
    expect(ours.prefixMatch("hello!", set).matchedTenants).toEqual(["b"]);
    expect(ours.prefixMatch("hello", set).matchedTenants).toEqual(["b", "a"]);
  });

  test("goes on with the time of a tree with ttlSecs", () => {
    const ours = new PrefixTree({ ttlSecs: 10 });
    ours.addTenants(["a"], 0);
    ours.insert("hello", "a", 100);
    ours.merge(treeOf(["a"], ["old", "a", 50]).snapshot());
    expect(ours.prefixMatch("old", null, undefined, 1).matchedChars).toBe(0);
    expect(ours.prefixMatch("hello", null, undefined, 1).matchedChars).toBe(5);
  });

  test.each([
    ["what is no Uint8Array", "warmtree", TypeError],
    ["what is no snapshot", new Uint8Array(100), SnapshotError],
    ["a snapshot cut off", treeOf(["a"], ["hello", "a", 1]).snapshot().subarray(0, -8), SnapshotError],
  ])("of %s is refused, and nothing has changed", (_, bytes, kind) => {
    const tree = treeOf(["a"], ["hello", "a", 1]);
    const before = tree.snapshot();
    expect(() => tree.merge(bytes as Uint8Array)).toThrow(kind);
    expect(tree.snapshot()).toEqual(before);
  });
});

const insert = fc.tuple(
  fc
    .array(fc.constantFrom("a", "b", "é", "語", "😀", "\ud83d"), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join("")),
  fc.constantFrom("a", "b", "c"),
  fc.nat({ max: 20 }),
  fc.constantFrom(undefined, undefined, "n"),
  fc.constantFrom(0, 0, 0, 17_000),
);
const inserts = fc
  .array(insert, { maxLength: 15 })
  .map((all): Insert[] =>
    all.map(([text, tenant, timeS, namespace, long]) => [text + "x".repeat(long), tenant, timeS, namespace]),
  );
const sorted = inserts.map((all) => all.sort(([, , a], [, , b]) => a - b));

describe("for any two trees", () => {
  test("whose times only grow: as if all had been inserted into one, in the order of time", () => {
    fc.assert(
      fc.property(sorted, sorted, (left, right) => {
        const merged = treeOf(["a", "b"], ...left);
        merged.merge(treeOf(["c", "b"], ...right).snapshot());
        const [one, other] = [left, right].map((all, i) =>
          all.filter(([, tenant]) => tenant !== (i === 0 ? "c" : "a")),
        );
        // Of equal times ours is the later.
        const together = [...other!, ...one!].sort(([, , a], [, , b]) => a - b);
        const wanted = treeOf(["a", "b", "c"], ...together);
        expect(recencyOf(merged)).toEqual(recencyOf(wanted));
        expect(merged.tenantToCharCount).toEqual(wanted.tenantToCharCount);
        for (const [text, , , namespace] of together) {
          for (const candidates of [["a"], ["b"], ["c"], null]) {
            const [found, expected] = [merged, wanted].map((tree) => tree.prefixMatch(text, candidates, namespace));
            expect(found!.matchedText).toBe(expected!.matchedText);
            expect(found!.matchedTenants).toEqual(expected!.matchedTenants);
          }
        }
        checkInvariants(merged);
      }),
      { numRuns: 200 },
    );
  });

  test("with an empty tree, or with itself, changes nothing but the numbers of inserts", () => {
    fc.assert(
      fc.property(inserts, (all) => {
        const tree = treeOf(["a", "b", "c"], ...all);
        const before = stateOf(tree);
        tree.merge(treeOf([]).snapshot());
        expect(stateOf(tree)).toEqual(before);
        tree.merge(tree.snapshot());
        expect(stateOf(tree)).toEqual(before);
        const empty = treeOf([]);
        empty.merge(tree.snapshot());
        expect(stateOf(empty)).toEqual(before);
        checkInvariants(empty);
      }),
      { numRuns: 100 },
    );
  });
});

/** Every tenant's characters, newest first, as the time of each prefix that it owns: nothing of where nodes begin and end. */
function recencyOf(tree: PrefixTree): Record<string, string[]> {
  const { nodes, recency } = tree.inspect();
  const path = (i: number): string => {
    const { parent, text, namespace } = nodes[i]!;
    return parent < 0 ? (namespace ? `${namespace.name}:` : ":") : path(parent) + text;
  };
  return Object.fromEntries(
    [...recency].map(([tenant, list]) => [tenant, list.map((i) => `${nodes[i]!.times.get(tenant)} ${path(i)}`).sort()]),
  );
}
