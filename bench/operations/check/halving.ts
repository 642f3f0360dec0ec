import { Filler, tenantNames } from "./filler.js";
import { leastTimes, type Timed } from "./least-times.js";

/** All the calls together, and the entries that they removed. */
export interface Halving {
  evictUs: number;
  entries: number;
}

/** A call a tenant, each evicting half of what the tenant has, from trees that are filled anew for each pass. */
export function halving<Name extends string>(
  trees: Record<Name, readonly string[]>,
  tenants: number,
  passes: number,
  between?: () => void,
): Record<Name, Halving> {
  const names = Object.keys(trees) as Name[];
  const each = names.map((name) => halvedTree(trees[name], tenants));
  const operations = Object.fromEntries(names.map((name, i) => [name, each[i]!.timed])) as Record<Name, Timed>;
  const times = leastTimes(operations, passes, between);
  return Object.fromEntries(
    names.map((name, i) => [name, { evictUs: times[name] * tenants, entries: each[i]!.entries() }]),
  ) as Record<Name, Halving>;
}

function halvedTree(texts: readonly string[], tenants: number): { timed: Timed; entries: () => number } {
  const names = tenantNames(tenants);
  const filler = new Filler(texts, tenants);
  const { tree } = filler;
  let halves: number[] = [];
  let before = 0;
  return {
    timed: {
      count: tenants,
      prepare: () => {
        filler.empty();
        filler.fill();
        before = tree.stats().entries;
        const counts = tree.tenantToCharCount;
        halves = names.map((name) => Math.ceil(counts.get(name)! / 2));
      },
      call: (i) => tree.evictTenantByLru(names[i]!, halves[i]!),
    },
    entries: () => before - tree.stats().entries,
  };
}
