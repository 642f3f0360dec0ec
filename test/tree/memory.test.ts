import { describe, expect, test } from "vitest";
import type { PrefixTree } from "../../src/tree/index.js";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import { BUILDS } from "./builds.js";
import { checkInvariants } from "./invariants.js";

const ROUNDS = 10;
const names = Array.from({ length: 80 }, (_, i) => `t${i}`);

describe.each(BUILDS)("memory is used again (%s core)", (_, module) => {
  /** Narrow and wide texts that share beginnings, split each other and have up to 80 owners. */
  function fill(tree: PrefixTree): void {
    tree.addTenants(names, 0);
    names.forEach((name, i) => {
      for (let k = 0; k < 20; k++) {
        const shared = (k % 2 === 0 ? "prompt " : "プロンプト ").repeat(10 + (k % 7) * 30);
        tree.insert(`${shared}${k % 5} ${i * k} ${"z".repeat((i * k) % 700)}`, name, k);
      }
      for (let k = 0; k < 15; k++) tree.insert(String.fromCodePoint(0x1f600 + ((i + k) % 64)).repeat(k), name, 40 + k);
    });
  }

  test.each<[string, (tree: PrefixTree) => void]>([
    ["removing the tenants", (tree) => tree.removeTenants(names)],
    [
      "evicting all, oldest first",
      (tree) => {
        for (const name of names) {
          while (tree.evictTenantByLru(name, 100) > 0);
        }
      },
    ],
    ["a sweep", (tree) => tree.sweep({ evictionThreshold: 0, evictionTarget: 0 })],
  ])(`${ROUNDS} rounds of filling the tree and %s leave it as large as one`, (_how, empty) => {
    const tree = createTreeWith(module);
    fill(tree);
    const { nodes, entries, chars } = tree.stats();
    checkInvariants(tree);
    empty(tree);
    const { storedBytes, memoryBytes } = tree.stats();
    for (let round = 1; round < ROUNDS; round++) {
      fill(tree);
      expect(tree.stats()).toMatchObject({ nodes, entries, chars, memoryBytes });
      empty(tree);
      expect(tree.stats()).toMatchObject({ nodes: 1, chars: 0, storedBytes, memoryBytes });
    }
    expect(nodes).toBeGreaterThan(1000);
  });
});
