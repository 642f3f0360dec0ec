import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { treeModule } from "#wasm";
import { createTreeWith, type PrefixTree } from "../../src/tree/prefix-tree.js";

const debugModule = new WebAssembly.Module(readFileSync(new URL("../../build/tree.debug.wasm", import.meta.url)));

/** Texts of lengths from one character to several windows, narrow and wide, that share prefixes and split each other. */
const text = fc
  .tuple(
    fc.constantFrom("a", "ab", "système ", "日本", "😀"),
    fc.nat({ max: 4000 }),
    fc.array(fc.constantFrom("x", "y", "é", "語", "😁", "\ud83d"), { maxLength: 4 }),
    fc.constantFrom(0, 0, 0, 1, 700, 20000),
  )
  .map(([unit, length, turns, tail]) => unit.repeat(length) + turns.join(unit) + "z".repeat(tail));

/** A value that tells two states of a tree apart. */
function stateOf(tree: PrefixTree): unknown {
  const { nodes, recency } = tree.inspect();
  return [nodes.map(({ parent, text, times }) => [parent, text, [...times]]), [...recency]];
}

for (const [build, module] of [
  ["release", treeModule()],
  ["debug", debugModule],
] as const) {
  describe(`a tree whose memory cannot grow (${build} core)`, () => {
    test("refuses what does not fit with a RangeError and stays as it was", () => {
      let refused = 0;
      fc.assert(
        fc.property(
          fc.integer({ min: 2, max: 6 }),
          fc.integer({ min: 1, max: 90 }),
          fc.array(fc.tuple(text, fc.nat({ max: 89 }), fc.nat({ max: 9 })), { minLength: 5, maxLength: 60 }),
          (pages, tenantCount, calls) => {
            const tree = createTreeWith(module, pages);
            const empty = tree.stats();
            const tenants = Array.from({ length: tenantCount }, (_, i) => `t${i}`);
            tree.addTenants(tenants, 0);
            for (const [text, tenant, dice] of calls) {
              const name = tenants[tenant % tenantCount]!;
              if (dice === 0) tree.evictTenantByLru(name, 1000);
              const before = stateOf(tree);
              try {
                tree.insert(text, name, dice);
                expect(tree.prefixMatch(text, [name]).matchedText).toBe(text);
              } catch (error) {
                expect(error).toBeInstanceOf(RangeError);
                expect(stateOf(tree)).toEqual(before);
                refused++;
              }
            }
            expect(tree.stats().memoryBytes).toBeLessThanOrEqual(pages * 65536);
            tree.removeTenants(tenants);
            expect(tree.stats().nodes).toBe(empty.nodes);
            expect(tree.stats().entries).toBe(0);
          },
        ),
        { numRuns: 60 },
      );
      expect(refused).toBeGreaterThan(0);
    });

    test("takes texts again once others have been evicted", () => {
      const tree = createTreeWith(module, 4);
      tree.addTenants(["a"], 0);
      const long = (i: number) => `${i} ${"x".repeat(30_000)}`;
      let fitted = 0;
      const fill = () => {
        for (; ; fitted++) tree.insert(long(fitted), "a", fitted);
      };
      expect(fill).toThrow(RangeError);
      expect(fitted).toBeGreaterThan(3);
      tree.evictTenantByLru("a", 60_000);
      tree.insert(long(1000), "a", 1000);
      expect(tree.prefixMatch(long(1000)).matchedChars).toBe(long(1000).length);
    });

    test("refuses tenants that do not fit, all those of the call, and keeps those before", () => {
      const tree = createTreeWith(module, 2);
      const names = Array.from({ length: 5000 }, (_, i) => `tenant ${i}`);
      tree.addTenants(names.slice(0, 100), 0);
      expect(() => tree.addTenants(names, 0)).toThrow(/no room for tenant "tenant \d+"/);
      expect([...tree.tenantToCharCount.keys()]).toEqual(names.slice(0, 100));
      expect(tree.prefixMatch("x").matchedTenants).toEqual(names.slice(0, 100));
    });
  });
}
