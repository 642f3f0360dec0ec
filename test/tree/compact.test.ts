import { describe, expect, test } from "vitest";
import { PrefixTree, type TreeInspection } from "../../src/tree/index.js";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import fc from "../properties.js";
import { BUILDS } from "./builds.js";
import { checkInvariants } from "./invariants.js";

function treeOf(...tenants: string[]): PrefixTree {
  const tree = new PrefixTree();
  tree.addTenants(tenants, 0);
  return tree;
}

const texts = (tree: PrefixTree) => tree.inspect().nodes.map(({ text }) => text);

describe("compact", () => {
  test("joins what a split has left behind when its cause is gone", () => {
    const tree = treeOf("a", "b");
    tree.insert("hello world", "a", 1);
    tree.insert("hello there", "b", 2);
    tree.removeTenants(["b"]);
    expect(texts(tree)).toEqual(["", "hello ", "world"]);
    expect(tree.compact()).toBe(1);
    expect(texts(tree)).toEqual(["", "hello world"]);
    expect(tree.tenantToCharCount).toEqual(new Map([["a", 11]]));
    expect(tree.compact()).toBe(0);
  });

  test.each([
    [
      "other times",
      (tree: PrefixTree) => {
        tree.insert("hello world", "a", 1);
        tree.insert("hello ", "a", 2);
      },
    ],
    [
      "other owners",
      (tree: PrefixTree) => {
        tree.insert("hello world", "a", 1);
        tree.insert("hello ", "b", 1);
      },
    ],
    [
      "two children",
      (tree: PrefixTree) => {
        tree.insert("hello world", "a", 1);
        tree.insert("hello there", "a", 1);
        tree.insert("hello world", "a", 1);
      },
    ],
    [
      "one time, but two calls",
      (tree: PrefixTree) => {
        tree.insert("hello world", "a", 1);
        tree.insert("hello ", "a", 1);
      },
    ],
    ["a namespace's root", (tree: PrefixTree) => tree.insert("hello", "a", 1, "n")],
  ])("leaves alone nodes with %s", (_, make) => {
    const tree = treeOf("a", "b");
    make(tree);
    const before = tree.inspect();
    expect(tree.compact()).toBe(0);
    expect(tree.inspect()).toEqual(before);
  });

  test("joins texts of both widths, short ones inside their node, and long ones in pieces", () => {
    const tree = treeOf("a", "b");
    const long = `${"x".repeat(70_000)}語${"y".repeat(70_000)}`;
    for (const text of ["ab", "ab語d", "ab語d😀f", long]) {
      for (let cut = 1; cut < text.length; cut += 1 + (text.length >> 3)) tree.insert(`${text.slice(0, cut)}#`, "b", 1);
      tree.insert(text, "a", 2);
    }
    tree.removeTenants(["b"]);
    for (let round = 0; round < 2; round++) {
      expect(tree.prefixMatch(long).matchedText).toBe(long);
      expect(tree.prefixMatch("ab語d😀f").matchedText).toBe("ab語d😀f");
      if (round === 0) expect(tree.compact()).toBeGreaterThan(10);
    }
    expect(texts(tree)).toContain(long);
    checkInvariants(tree);
  });

  test("a path of 5,000 nodes becomes one", () => {
    const tree = treeOf("a", "b");
    const text = "x".repeat(5000);
    for (let n = 1; n <= text.length; n++) tree.insert(text.slice(0, n), "b", n);
    tree.insert(text, "a", 1);
    const { storedBytes } = tree.stats();
    tree.removeTenants(["b"]);
    expect(tree.compact()).toBe(4999);
    expect(texts(tree)).toEqual(["", text]);
    expect(tree.stats().storedBytes).toBeLessThan(storedBytes / 20);
  });

  test("an insert from before can still be taken back, to the character", () => {
    const tree = treeOf("a");
    tree.insert("hello ", "a", 1);
    const receipt = tree.insertRevocable("hello world", "a", 1);
    expect(tree.compact()).toBe(1);
    expect(tree.revokeInsert("hello world", "a", receipt)).toBe(5);
    expect(texts(tree)).toEqual(["", "hello "]);
    checkInvariants(tree);
  });
});

const tiny = fc.array(fc.constantFrom("a", "b", "é", "語", "😀"), { maxLength: 7 }).map((parts) => parts.join(""));
const call = fc.record({
  kind: fc.constantFrom("insert", "insert", "insert", "insert", "evict", "remove", "revoke"),
  text: tiny,
  tenant: fc.nat({ max: 79 }),
  timeS: fc.nat({ max: 3 }),
  namespace: fc.constantFrom(undefined, undefined, "n"),
});

type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** Runs a call and gives all that its caller can see of it. */
function run(tree: PrefixTree, { kind, text, tenant, timeS, namespace }: Call, tenantCount: number): unknown {
  const name = `t${tenant % tenantCount}`;
  if (kind === "insert") tree.insert(text, name, timeS, namespace);
  if (kind === "evict") return tree.evictTenantByLru(name, text.length);
  if (kind === "remove") {
    const removed = tree.removeTenants([name]);
    tree.addTenants([name], timeS);
    return removed;
  }
  if (kind === "revoke") {
    const receipt = tree.insertRevocable(text, name, timeS, namespace);
    tree.compact();
    return tree.revokeInsert(text, name, receipt);
  }
  const match = tree.prefixMatch(text, null, namespace);
  return [match.matchedText, match.matchedTenants, tree.tenantToCharCount];
}

interface Part {
  above: Part | null;
  text: string;
  times: Map<string, number>;
}

/** What should be left of a tree when what nothing tells apart is joined. Every call is assumed to have a time of its own. */
function joined({ nodes, recency }: TreeInspection): { paths: string[]; recency: [string, string[]][] } {
  const parts: Part[] = [];
  for (const { parent, text, times, namespace } of nodes) {
    parts.push({ above: parts[parent] ?? null, text: parent < 0 ? `${namespace?.name}:` : text, times });
  }
  const all = new Set(parts);
  const lists = [...recency].map(([tenant, list]) => [tenant, list.map((i) => parts[i]!)] as const);
  for (let lower = joinable(all, lists); lower !== undefined; lower = joinable(all, lists)) {
    const upper = lower.above!;
    lower.text = upper.text + lower.text;
    lower.above = upper.above;
    all.delete(upper);
    for (const [, list] of lists) list.splice(0, list.length, ...list.filter((part) => part !== upper));
  }
  const path = ({ above, text }: Part): string => (above === null ? text : `${path(above)}|${text}`);
  return {
    paths: [...all].map((part) => `${path(part)} ${[...part.times].sort()}`).sort(),
    recency: lists.map(([tenant, list]) => [tenant, list.map(path)]),
  };
}

function joinable(parts: Set<Part>, lists: (readonly [string, Part[]])[]): Part | undefined {
  return [...parts].find((lower) => {
    const { above: upper, times } = lower;
    if (upper === null || upper.above === null || upper.times.size !== times.size) return false;
    if ([...parts].some((other) => other !== lower && other.above === upper)) return false;
    return lists.every(([tenant, list]) => {
      const apart = Math.abs(list.indexOf(lower) - list.indexOf(upper));
      return !times.has(tenant) || (upper.times.get(tenant) === times.get(tenant) && apart === 1);
    });
  });
}

for (const [build, module] of BUILDS) {
  test(`after compact nothing but node boundaries differs, then or later (${build} core)`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        fc.array(call, { maxLength: 60, size: "max" }),
        fc.array(call, { maxLength: 20 }),
        (tenantCount, calls, later) => {
          const [left, right] = [createTreeWith(module), createTreeWith(module)];
          const step = (each: Call, time: number) => {
            const timed = { ...each, timeS: time };
            return [run(left, timed, tenantCount), run(right, timed, tenantCount)];
          };
          for (const tree of [left, right])
            tree.addTenants(
              Array.from({ length: tenantCount }, (_, i) => `t${i}`),
              0,
            );
          for (const [i, each] of calls.entries()) step(each.kind === "revoke" ? { ...each, kind: "insert" } : each, i);
          const wanted = joined(left.inspect());
          const { nodes, storedBytes } = left.stats();
          const gone = left.compact();
          expect(joined(left.inspect())).toEqual(wanted);
          expect(left.stats().nodes).toBe(nodes - gone);
          expect(left.stats().nodes).toBe(wanted.paths.length);
          expect(left.stats().storedBytes).toBeLessThanOrEqual(storedBytes);
          expect(left.compact()).toBe(0);
          checkInvariants(left);
          later.forEach((each, i) => {
            const [one, other] = step(each, 1000 + (i >> 1));
            expect(one).toEqual(other);
          });
          checkInvariants(left);
        },
      ),
      { numRuns: 150 },
    );
  });
}
