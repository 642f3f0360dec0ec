import { describe, expect, test } from "vitest";
import { PrefixTree } from "../../src/tree/index.js";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import { BUILDS } from "./builds.js";
import { checkInvariants } from "./invariants.js";

const PAGE = 65536;

describe.each(BUILDS)("a tree that one text fills (%s core)", (_, module) => {
  function filled(length: number): { tree: PrefixTree; text: string } {
    const tree = createTreeWith(module, { maxBytes: PAGE });
    tree.addTenants(["A"], 0);
    tree.insert("ab", "A", 0);
    const text = `ab${"x".repeat(length)}`;
    tree.insert(text, "A", 1);
    return { tree, text: tree.prefixMatch(text).matchedText };
  }

  test.each([43_500, 43_508, 43_516, 50_000])("takes the same text again (%d characters)", (length) => {
    const { tree, text } = filled(length);
    tree.insert(text, "A", 2);
    expect(tree.prefixMatch(text).matchedText).toBe(text);
    checkInvariants(tree);
    expect(tree.evictTenantByLru("A", 1)).toBe(text.length);
    tree.insert("hello", "A", 3);
    expect(tree.prefixMatch("hello").matchedChars).toBe(5);
    checkInvariants(tree);
  });

  test.each([1, 2, 10, 10_000, 30_000])("takes its first %d characters as a text, all of them", (length) => {
    for (let step = 0; step < 40; step++) {
      const { tree, text } = filled(43_480 + step);
      tree.insert(text.slice(0, length), "A", 2);
      expect(tree.prefixMatch(text).matchedChars).toBeGreaterThanOrEqual(length);
      checkInvariants(tree);
    }
  });

  test("takes an empty text", () => {
    const { tree, text } = filled(50_000);
    tree.insert("", "A", 2);
    expect(tree.prefixMatch(text).matchedText).toBe(text);
    checkInvariants(tree);
  });
});

describe.each(BUILDS)("a text for which one that begins alike has to go (%s core)", (_, module) => {
  const half = 8 * PAGE;
  const before = `ab${"x".repeat(half)}`;

  function filled() {
    const evicted: [tenant: string, chars: number][] = [];
    const onEvict = ({ tenant, chars }: { tenant: string; chars: number }) => evicted.push([tenant, chars]);
    const tree = createTreeWith(module, { maxBytes: 16 * PAGE, onEvict });
    tree.addTenants(["A", "B"], 0);
    tree.insert(before, "A", 1);
    tree.insert("hello", "B", 2);
    return { tree, evicted };
  }

  test.each([half, half + 20_000])(
    "has the room of the other's end, too, and nothing else goes (%d characters)",
    (length) => {
      const { tree, evicted } = filled();
      const text = `ac${"y".repeat(length)}`;
      tree.insert(text, "B", 3);
      expect(tree.prefixMatch(text).matchedChars).toBe(text.length);
      expect(tree.prefixMatch("hello").matchedChars).toBe(5);
      expect(evicted).toEqual([["A", before.length]]);
      checkInvariants(tree);
    },
  );

  test("so also after a match", () => {
    const { tree, evicted } = filled();
    const text = `ac${"y".repeat(half)}`;
    tree.matchThenInsert(text, ["A"], () => "B", 3);
    expect(tree.prefixMatch(text).matchedChars).toBe(text.length);
    expect(evicted).toEqual([["A", before.length]]);
    checkInvariants(tree);
  });
});

test("a receipt with another text takes back nothing that is not its insert's end", () => {
  const tree = new PrefixTree({ maxBytes: 1 << 20 });
  tree.addTenants(["A", "B", "C"], 0);
  tree.insert("abcd", "B", 1);
  tree.insert("abcdef", "B", 1);
  tree.insert("ab", "A", 1);
  const receipt = tree.insertRevocable("abcdef", "A", 1);
  tree.insert("abcdzz", "C", 1);
  tree.insert("abcdef", "B", 1);
  tree.compact();
  expect(tree.revokeInsert("abcd", "A", receipt)).toBe(0);
  checkInvariants(tree);
  expect(tree.revokeInsert("abcdef", "A", receipt)).toBe(4);
  checkInvariants(tree);
  tree.evictTenantByLru("A", 1000);
  tree.insert("hello", "A", 2);
  checkInvariants(tree);
});
