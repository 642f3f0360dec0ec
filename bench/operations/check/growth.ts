import { chatTexts } from "../texts.js";
import { Filler, tenantNames } from "./filler.js";
import { Floor } from "./floor.js";
import { type Goal, ratioGoal, shown } from "./goal.js";
import { leastTimes } from "./least-times.js";

const FEW = 2000;
const MANY = 40_000;
const TENANTS = 4;

/** What becomes of the costs in a tree of 20 times as many texts, and what eviction costs. */
export async function growthGoals(seed: number, passes: number): Promise<Goal[]> {
  const few = await timesOf(chatTexts(FEW, seed), passes);
  const many = await timesOf(chatTexts(MANY, seed), passes);
  const match = ratioGoal("prefixMatch, 40,000 texts : 2,000", many.match, few.match, 1.5);
  match.figures += `; the floor: ${shown(many.floor / few.floor)} ×`;
  return [
    { what: "evictTenantByLru, an entry", measured: few.evictUs / few.evicted, goal: 0.2, unit: "µs", figures: "" },
    {
      what: "evictTenantByLru, 4 calls that halve the tree",
      measured: few.evictUs / 1000,
      goal: 0.4,
      unit: "ms",
      figures: `${few.evicted} entries, ${shown(few.evictUs / few.evicted)} µs each`,
    },
    match,
    ratioGoal("insert, text already there, 40,000 : 2,000", many.insertAgain, few.insertAgain, 1.5),
    ratioGoal("insert, new text, 40,000 : 2,000", many.insertNew, few.insertNew, 1.5),
    ratioGoal("eviction, an entry, 40,000 : 2,000", many.evictUs / many.evicted, few.evictUs / few.evicted, 1.5),
  ];
}

async function timesOf(texts: readonly string[], passes: number) {
  const full = new Filler(texts, TENANTS).fill();
  const fresh = new Filler(texts, TENANTS).fill();
  const times = leastTimes(
    {
      match: { call: (i) => full.tree.prefixMatch(texts[i]!) },
      insertAgain: { call: (i) => full.insert(i) },
      insertNew: { prepare: () => fresh.empty(), call: (i) => fresh.insert(i) },
    },
    texts.length,
    passes,
  );
  // Apart from the others: its copies of the texts would push their trees out of the caches.
  const floor = await Floor.create(texts, "ascii");
  const apart = leastTimes({ floor: { call: (i) => floor.cross(i) } }, texts.length, passes);
  return { ...times, ...apart, ...halving(texts, passes) };
}

/** Four calls, one a tenant, each asking for half of what the tenant has. */
function halving(texts: readonly string[], passes: number): { evictUs: number; evicted: number } {
  const names = tenantNames(TENANTS);
  const filler = new Filler(texts, TENANTS);
  const { tree } = filler;
  let least = Number.POSITIVE_INFINITY;
  let evicted = 0;
  for (let pass = 0; pass < passes; pass++) {
    filler.empty();
    filler.fill();
    const halves = names.map((name) => Math.ceil(tree.tenantToCharCount.get(name)! / 2));
    const before = tree.stats().entries;
    const start = performance.now();
    for (let i = 0; i < names.length; i++) tree.evictTenantByLru(names[i]!, halves[i]!);
    least = Math.min(least, performance.now() - start);
    evicted = before - tree.stats().entries;
  }
  return { evictUs: least * 1000, evicted };
}
