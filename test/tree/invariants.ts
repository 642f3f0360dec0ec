import { expect } from "vitest";
import type { PrefixTree } from "../../src/tree/index.js";

/** What holds after every call on any tree (of one namespace or many). Throws what does not. */
export function checkInvariants(tree: PrefixTree): void {
  const { nodes, recency } = tree.inspect();
  const counts = tree.tenantToCharCount;
  const stats = tree.stats();
  expect([...recency.keys()]).toEqual([...counts.keys()]);
  expect(stats.nodes).toBe(nodes.length);
  expect(stats.memoryBytes).toBeLessThanOrEqual(stats.maxBytes);
  expect(stats.storedBytes).toBeLessThanOrEqual(stats.memoryBytes);
  expect(stats.recordBytes + stats.textBytes + stats.textWasteBytes).toBe(stats.storedBytes);
  expect(stats.storedBytes + stats.freeBytes).toBeLessThanOrEqual(stats.maxBytes);
  let entries = 0;
  let textBytes = 0;
  const owned = new Map([...counts.keys()].map((tenant) => [tenant, 0]));
  const siblings = new Set<string>();
  nodes.forEach(({ parent, text, tokens, times, namespace }, index) => {
    const units = tokens === undefined ? text.length : tokens.length;
    if (units > 8) textBytes += units;
    entries += times.size;
    if (index > 0) expect(times.size).toBeGreaterThan(0);
    if (parent >= 0) {
      const segment = tokens ?? Array.from(text);
      expect(segment.length).toBeGreaterThan(0);
      const edge = `${parent} ${segment[0]}`;
      expect(siblings.has(edge)).toBe(false);
      siblings.add(edge);
      for (const tenant of times.keys()) {
        expect(nodes[parent]!.times.has(tenant)).toBe(true);
        owned.set(tenant, owned.get(tenant)! + segment.length);
      }
    } else if (index > 0) {
      expect(namespace).toBeDefined();
    }
  });
  expect(stats.entries).toBe(entries);
  expect(stats.textBytes).toBeGreaterThanOrEqual(textBytes);
  expect(owned).toEqual(counts);
  for (const [tenant, list] of recency) {
    expect(list[0]).toBe(0);
    expect(new Set(list).size).toBe(list.length);
    expect(list.length).toBe(nodes.filter(({ times }) => times.has(tenant)).length);
  }
}
