import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { treeModule } from "#wasm";
import { type Eviction, PrefixTree } from "../../src/tree/index.js";
import { createTreeWith } from "../../src/tree/prefix-tree.js";
import fc from "../properties.js";
import { checkInvariants } from "./invariants.js";

const debugModule = new WebAssembly.Module(readFileSync(new URL("../../build/tree.debug.wasm", import.meta.url)));
const BUILDS = [
  ["release", treeModule()],
  ["debug", debugModule],
] as const;

/** Texts of lengths from nothing to several windows, narrow and wide, that share prefixes and split each other. */
const text = fc
  .tuple(
    fc.constantFrom("a", "ab", "système ", "日本", "😀"),
    fc.nat({ max: 4000 }),
    fc.array(fc.constantFrom("x", "y", "é", "語", "😁", "\ud83d"), { maxLength: 4 }),
    fc.constantFrom(0, 0, 0, 1, 700, 20000),
  )
  .map(([unit, length, turns, tail]) => unit.repeat(length) + turns.join(unit) + "z".repeat(tail));
const tiny = fc
  .array(fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz日本"), { maxLength: 9 })
  .map((parts) => parts.join(""));

const call = fc.record({
  text: fc.oneof(text, tiny, tiny),
  tenant: fc.nat({ max: 89 }),
  timeS: fc.nat({ max: 9 }),
  kind: fc.constantFrom("insert", "insert", "insert", "insert", "matchThenInsert", "evict", "remove", "add"),
  namespace: fc.constantFrom(undefined, undefined, undefined, "m", "n"),
});

/** The second does not fit the smallest memory, not even alone. */
const TOO_LONG = ["z".repeat(30_000), "x".repeat(60_000)].map((text) => ({
  text,
  tenant: 0,
  timeS: 1,
  kind: "insert" as const,
  namespace: undefined,
}));

for (const [build, module] of BUILDS) {
  describe(`maxBytes (${build} core)`, () => {
    test("is never passed, and the tree stays whole, whatever is called", () => {
      let evictions = 0;
      let shortened = 0;
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 90 }),
          fc.array(call, { minLength: 5, maxLength: 60, size: "max" }),
          (pages, tenantCount, calls) => {
            const tree = createTreeWith(module, { maxBytes: pages * 65536 });
            const tenants = Array.from({ length: tenantCount }, (_, i) => `t${i}`);
            tree.addTenants(tenants, 0);
            for (const { text, tenant, timeS, kind, namespace } of calls) {
              const name = tenants[tenant % tenantCount]!;
              if (kind === "evict") tree.evictTenantByLru(name, text.length);
              else if (kind === "remove") tree.removeTenants([name]);
              else if (kind === "add") tree.addTenants([name], timeS);
              else {
                if (kind === "insert") tree.insert(text, name, timeS, namespace);
                else tree.matchThenInsert(text, null, () => name, timeS, namespace);
                if (tree.tenantToCharCount.has(name)) {
                  const found = tree.prefixMatch(text, [name], namespace);
                  if (found.matchedText !== text) shortened++;
                }
              }
              checkInvariants(tree);
            }
            evictions += tree.stats().pressureEvictions;
            tree.removeTenants(tenants);
            expect(tree.stats()).toMatchObject({ nodes: 1, entries: 0, chars: 0 });
          },
        ),
        { numRuns: 60, examples: [[1, 1, TOO_LONG]] },
      );
      expect(evictions).toBeGreaterThan(0);
      expect(shortened).toBeGreaterThan(0);
    });

    test("lets go of what was inserted longest ago, of all tenants, and says so in order", () => {
      const gone: Eviction[] = [];
      const tree = createTreeWith(module, { maxBytes: 4 * 65536, onEvict: (eviction) => gone.push(eviction) });
      tree.addTenants(["a", "b"], 0);
      const long = (i: number) => `${i} ${"x".repeat(30_000 + i)}`;
      for (let i = 0; i < 9; i++) tree.insert(long(i), i % 2 ? "b" : "a", 100 - i);
      expect(gone.map(({ tenant }) => tenant)).toEqual(["a", "b", "a", "b"].slice(0, gone.length));
      expect(gone.map(({ chars }) => chars)).toEqual([0, 1, 2, 3].slice(0, gone.length).map((i) => long(i).length));
      expect(gone.length).toBeGreaterThan(0);
      expect(tree.stats().pressureEvictions).toBe(gone.length);
      expect(tree.prefixMatch(long(8)).matchedText).toBe(long(8));
      expect(tree.prefixMatch(long(0)).matchedChars).toBe(0);
    });

    test("leaves the path of the insert: a growing conversation keeps its head", () => {
      const tree = createTreeWith(module, { maxBytes: 2 * 65536 });
      tree.addTenants(["a", "b"], 0);
      let conversation = "head ";
      for (let turn = 0; turn < 40; turn++) {
        conversation += `${turn} ${"y".repeat(2000)}`;
        tree.insert(conversation, "a", turn);
        tree.insert(`other ${turn} ${"z".repeat(3000)}`, "b", turn);
        expect(tree.prefixMatch(conversation).matchedText).toBe(conversation.slice(0, 100_000));
        if (conversation.length > 80_000) break;
      }
      checkInvariants(tree);
    });

    test("a text that cannot fit enters with its longest prefix that does", () => {
      // Less the bitmap of free runs, the window, and the chunk of the tenants.
      const tree = createTreeWith(module, { maxBytes: 65536 });
      tree.addTenants(["a"], 0);
      for (const text of ["x".repeat(200_000), "é日😀".repeat(50_000)]) {
        tree.insert(text, "a", 1);
        const found = tree.prefixMatch(text);
        const bytes = found.matchedText.length * (text.startsWith("x") ? 1 : 2);
        expect(bytes).toBeGreaterThan(65536 - 4096 - 16384 - 4096 - 2048);
        expect(found.matchedTenants).toEqual(["a"]);
        checkInvariants(tree);
      }
    });

    test("gives a place to a new tenant too, and refuses all of a call that cannot fit", () => {
      const tree = createTreeWith(module, { maxBytes: 2 * 65536 });
      tree.addTenants(["a"], 0);
      for (let i = 0; i < 200; i++) tree.insert(`${i} ${"x".repeat(1000)}`, "a", i);
      tree.addTenants(["b"], 0);
      expect(tree.stats().pressureEvictions).toBeGreaterThan(0);
      const names = Array.from({ length: 5000 }, (_, i) => `tenant ${i}`);
      expect(() => tree.addTenants(names, 0)).toThrow(/no room for tenant "tenant \d+"/);
      expect([...tree.tenantToCharCount.keys()]).toEqual(["a", "b"]);
      checkInvariants(tree);
    });
  });
}

describe("maxChars", () => {
  test("bounds the sum of the tenants' counts, to the character", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5000 }),
        fc.array(call, { minLength: 5, maxLength: 40, size: "max" }),
        (maxChars, calls) => {
          const tree = new PrefixTree({ maxChars });
          const tenants = ["t0", "t1", "t2"];
          tree.addTenants(tenants, 0);
          for (const { text, tenant, timeS, namespace } of calls) {
            const name = tenants[tenant % 3]!;
            tree.insert(text, name, timeS, namespace);
            expect(tree.stats().chars).toBeLessThanOrEqual(maxChars);
            const { matchedChars } = tree.prefixMatch(text, [name], namespace);
            const length = Array.from(text).length;
            expect(matchedChars).toBe(Math.min(length, maxChars));
            checkInvariants(tree);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("options", () => {
  test.each([
    [{ maxBytes: 65535 }, RangeError, "maxBytes must be from 65536 to 4293918720, not 65535"],
    [{ maxBytes: Number.NaN }, RangeError, "not NaN"],
    [{ maxBytes: "1" }, TypeError, 'maxBytes must be a number of bytes, not "1"'],
    [{ maxChars: -1 }, RangeError, "not -1"],
    [{ maxChars: 0.5 }, RangeError, "not 0.5"],
    [{ onEvict: 1 }, TypeError, "onEvict must be a function, not 1"],
    [{ maxbytes: 1 }, TypeError, 'unknown option "maxbytes"; there are maxBytes, maxChars, ttlSecs, onEvict'],
    [{ ttlSecs: 0 }, RangeError, "ttlSecs must be above 0, not 0"],
    [{ ttlSecs: Number.NaN }, RangeError, "not NaN"],
    [{ ttlSecs: "60" }, TypeError, 'ttlSecs must be a number of seconds, not "60"'],
    [null, TypeError, "options must be an object, not null"],
  ])("%j is refused", (options, kind, message) => {
    expect(() => new PrefixTree(options as never)).toThrow(kind);
    expect(() => new PrefixTree(options as never)).toThrow(message);
  });
});
