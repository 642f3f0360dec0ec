import { describe, expect, test } from "vitest";
import type { PrefixTree } from "../../src/tree/index.js";
import { MAKERS } from "./builds.js";
import { checkInvariants } from "./invariants.js";

const MANY = 10_000;
const names = Array.from({ length: MANY }, (_, i) => `model ${i}`);
const prompt = "You are a helpful assistant. 日本語 😀";
const length = Array.from(prompt).length;

describe.each(MAKERS)("namespaces ($build core)", (maker) => {
  const { create, restore } = maker;

  /** The prompt in each of the namespaces, for one of three tenants, and something of its own. */
  function fill(tree: PrefixTree): void {
    tree.addTenants(["a", "b", "c"], 0);
    for (const [i, name] of names.entries()) {
      const tenant = "abc"[i % 3]!;
      tree.insert(prompt, tenant, i, name);
      if (i % 10 === 0) tree.insert(`${prompt}${i}`, tenant, i, name);
    }
  }

  test(`${MANY} of them never match each other, whatever they contain`, () => {
    const tree = create({});
    fill(tree);
    expect(tree.prefixMatch(prompt).matchedChars).toBe(0);
    expect(tree.prefixMatch(prompt, null, "model").matchedChars).toBe(0);
    for (const [i, name] of names.entries()) {
      const { matchedChars, matchedTenants } = tree.prefixMatch(`${prompt}${i}`, null, name);
      expect(matchedChars).toBe(length + (i % 10 === 0 ? `${i}`.length : 0));
      expect(matchedTenants).toEqual(["abc"[i % 3]]);
    }
    checkInvariants(tree);
  });

  test("an emptied root is freed, by every way there is to empty it", () => {
    const tree = create({});
    fill(tree);
    const { nodes } = tree.stats();
    expect(nodes).toBe(1 + 2 * MANY + MANY / 10);
    expect(tree.evictTenantByLru("a", 1)).toBe(length + 1);
    expect(tree.stats().nodes).toBe(nodes - 3);
    tree.evictTenantByLru("a", Number.MAX_SAFE_INTEGER);
    tree.removeTenants(["b"]);
    tree.sweep({ evictionThreshold: 0, evictionTarget: 0 });
    expect(tree.stats()).toMatchObject({ nodes: 1, chars: 0, textBytes: 0 });
    expect(tree.inspect().nodes).toHaveLength(1);
    const receipt = tree.insertRevocable(prompt, "a", 0, "model 1");
    expect(tree.stats().nodes).toBe(3);
    tree.revokeInsert(prompt, "a", receipt);
    expect(tree.stats().nodes).toBe(1);
  });

  test("names come and go without end in the memory of those that are there", () => {
    const tree = create({ maxChars: 1000 * length });
    tree.addTenants(["a"], 0);
    for (let i = 0; i < 5 * MANY; i++) tree.insert(prompt, "a", i, `session ${i}`);
    const { memoryBytes } = tree.stats();
    for (let i = 5 * MANY; i < 10 * MANY; i++) tree.insert(prompt, "a", i, `session ${i}`);
    expect(tree.stats()).toMatchObject({ nodes: 1 + 2 * 1000, memoryBytes });
    expect(tree.prefixMatch(prompt, null, `session ${9 * MANY - 1}`).matchedChars).toBe(0);
    expect(tree.prefixMatch(prompt, null, `session ${10 * MANY - 1}`).matchedChars).toBe(length);
    checkInvariants(tree);
  });

  test("all are in inspect() and in snapshots", () => {
    const tree = create({});
    fill(tree);
    const inspection = tree.inspect();
    const shown = inspection.nodes.map(({ namespace }) => namespace?.name).filter((name) => name !== undefined);
    expect(shown).toEqual([...names].sort());
    const restored = restore(tree.snapshot(), {});
    expect(restored.inspect()).toEqual(inspection);
    expect(Buffer.from(restored.snapshot()).equals(tree.snapshot())).toBe(true);
  });

  test("under a bound too small for all the oldest go, of all namespaces alike", () => {
    const gone: number[] = [];
    const tree = create({ maxBytes: 16 * 65536, onEvict: ({ chars }) => gone.push(chars) });
    fill(tree);
    expect(gone.length).toBeGreaterThan(1000);
    // The insert that made the longer text took over what the one before had touched.
    expect(gone).toEqual(gone.map((_, i) => length + (i % 10 === 0 ? `${i}`.length : 0)));
    expect(tree.prefixMatch(prompt, null, names[gone.length]).matchedChars).toBe(length);
    expect(tree.prefixMatch(prompt, null, names[gone.length - 1]).matchedChars).toBe(0);
    checkInvariants(tree);
  });
});
