import { describe, expect, test } from "vitest";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import { BUILDS } from "./builds.js";

const MILLION = 1_000_000;

describe.each(BUILDS)("%s core", (_, module) => {
  test.each([
    ["ASCII", "x".repeat(MILLION)],
    ["Latin-1", "é".repeat(MILLION)],
    ["CJK", "語".repeat(MILLION)],
    ["emoji", "😀".repeat(MILLION)],
    ["ASCII with a wide end", `${"x".repeat(MILLION - 1)}語`],
  ])("a text of a million characters: %s", (_kind, text) => {
    const tree = createTreeWith(module);
    tree.addTenants(["a", "b"], 0);
    tree.insert(text, "a", 1);
    expect(tree.prefixMatch(text).matchedChars).toBe(MILLION);
    expect(tree.prefixMatch(`${text}x`).matchedText).toBe(text);

    const half = text.slice(0, text.length / 2);
    tree.insert(`${half}!`, "b", 2);
    expect(tree.prefixMatch(text, ["b"]).matchedChars).toBe(Array.from(half).length);
    expect(tree.prefixMatch(text).matchedTenants).toEqual(["a"]);
    expect(tree.inspect().nodes.map(({ text }) => text.length)).toEqual([0, half.length, 1, text.length - half.length]);
    expect(tree.evictTenantByLru("a", 1)).toBe(MILLION);
    expect(tree.prefixMatch(text)).toMatchObject({ matchedText: half, matchedTenants: ["b"] });
  });

  test.each(["x", "é", "語", "😀"])("a short end that crosses in two windows: %s", (character) => {
    // The window holds 16,384 units of ASCII, else 8,192, which are 4,096 pairs.
    for (const edge of [4096, 8192, 16_384]) {
      for (let length = edge - 5; length <= edge; length++) {
        const [text, longer] = [character.repeat(length), character.repeat(length + 4)];
        const tree = createTreeWith(module);
        tree.addTenants(["a"], 0);
        tree.insert(text, "a", 1);
        tree.insert(longer, "a", 2);
        expect(tree.inspect().nodes.map((node) => node.text)).toEqual(["", text, character.repeat(4)]);
        expect(tree.prefixMatch(longer).matchedChars).toBe(length + 4);
      }
    }
  });

  // Up to two of the core's longest steps, 64 bytes, and with two bytes a unit.
  test.each(["x", "é", "語", "\ud83d"])(
    "one unit that differs, at every place of nodes of every length: %s",
    (unit) => {
      for (let length = 1; length <= 140; length++) {
        const tree = createTreeWith(module);
        tree.addTenants(["a"], 0);
        const [above, text] = ["above ", unit.repeat(length)];
        for (const each of [above, above + text, `${above}${text}below`]) tree.insert(each, "a", 1);
        expect(tree.prefixMatch(`${above}${text}below`).matchedText).toBe(`${above}${text}below`);
        for (let at = 0; at < length; at++) {
          const other = above + text.slice(0, at) + String.fromCharCode(unit.charCodeAt(0) ^ 1) + text.slice(at + 1);
          const { matchedText } = tree.prefixMatch(`${other}below`);
          if (matchedText.length !== above.length + at)
            throw new Error(`${length} units, ${at}: ${matchedText.length}`);
        }
      }
    },
  );

  test("a path of 20,000 nodes", () => {
    const depth = 20_000;
    const tree = createTreeWith(module);
    tree.addTenants(["a", "b"], 0);
    const text = "abcdefg".repeat(depth).slice(0, depth);
    // From the longest prefix to the shortest: each splits the topmost node, and touches only its upper part.
    for (let length = depth; length > 0; length--) tree.insert(text.slice(0, length), "a", depth - length);
    expect(tree.stats()).toMatchObject({ nodes: depth + 1, entries: depth + 2, chars: depth });
    expect(tree.prefixMatch(`${text}!`)).toMatchObject({ matchedText: text, matchedTenants: ["a"] });

    const receipt = tree.insertRevocable(text, "b", depth);
    expect(tree.stats().entries).toBe(2 * (depth + 1));
    expect(tree.inspect().recency.get("b")).toEqual([0, ...Array.from({ length: depth }, (_, i) => depth - i)]);
    expect(tree.revokeInsert(text, "b", receipt)).toBe(depth);

    expect(tree.evictTenantByLru("a", depth / 2)).toBe(depth / 2);
    expect(tree.prefixMatch(text).matchedChars).toBe(depth / 2);
    expect([...tree.removeTenants(["a"])]).toEqual([["a", depth / 2]]);
    expect(tree.stats()).toMatchObject({ nodes: 1, entries: 1, chars: 0 });
  });
});
