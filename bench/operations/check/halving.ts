import { Filler, tenantNames } from "./filler.js";
import { leastTimes, type Timed } from "./least-times.js";

/** All the calls together, and the entries that they removed. */
export interface Halving {
  evictUs: number;
  entries: number;
}

/** A call a tenant for so many texts: of a larger tree more calls, not longer ones that the system interrupts. */
const TEXTS_A_CALL = 2000;

/** The tenants take turns until half of what each has is evicted, from trees that are filled anew for each pass. */
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
    names.map((name, i) => [name, { evictUs: times[name] * operations[name].count, entries: each[i]!.entries() }]),
  ) as Record<Name, Halving>;
}

function halvedTree(texts: readonly string[], tenants: number): { timed: Timed; entries: () => number } {
  const names = tenantNames(tenants);
  const filler = new Filler(texts, tenants);
  const { tree } = filler;
  const callsATenant = Math.ceil(texts.length / TEXTS_A_CALL);
  let shares: number[] = [];
  let before = 0;
  return {
    timed: {
      count: tenants * callsATenant,
      prepare: () => {
        filler.empty();
        filler.fill();
        before = tree.stats().entries;
        const counts = tree.tenantToCharCount;
        shares = names.map((name) => Math.ceil(counts.get(name)! / 2 / callsATenant));
      },
      call: (i) => tree.evictTenantByLru(names[i % tenants]!, shares[i % tenants]!),
    },
    entries: () => before - tree.stats().entries,
  };
}
