import { textsOf } from "../workloads/index.js";
import { Filler } from "./filler.js";
import { Floor } from "./floor.js";
import { type CheckOptions, type Goal, ratioGoal, shown } from "./goal.js";
import { type Halving, halving } from "./halving.js";
import { leastTimes, sweepCaches, type Timed } from "./least-times.js";

const FEW = 2000;
const MANY = 40_000;
const TENANTS = 4;

/**
 * What becomes of the costs in a tree of 20 times as many texts. Both sizes are called with all of their texts, in turns, and
 * every pass begins with swept caches: the ratio is to tell what the larger tree costs, not that 2,000 requests fit a cache
 * and 280 MB of them do not. What it is without sweeping is among the figures.
 */
export async function growthGoals({ seed, passes }: CheckOptions): Promise<Goal[]> {
  const few = textsOf("chat", FEW, seed);
  const many = textsOf("chat", MANY, seed);
  const floor = await floorGrowth(few, many, passes);
  const operations = { ...operationsOn("few", few), ...operationsOn("many", many) };
  const times = leastTimes(operations, passes, sweepCaches);
  const unswept = leastTimes(operations, passes);
  const goalOf = (what: string, operation: "Match" | "InsertAgain" | "InsertNew", figures = "") => {
    const warm = `caches not swept: ${shown(unswept[`many${operation}`] / unswept[`few${operation}`])} ×${figures}`;
    return ratioGoal(`${what}, 40,000 : 2,000`, times[`many${operation}`], times[`few${operation}`], 1.5, warm);
  };
  return [
    goalOf("prefixMatch, full hit", "Match", `, the floor ${shown(floor)} ×`),
    goalOf("insert, text already there", "InsertAgain"),
    goalOf("insert, new text", "InsertNew"),
    evictionGoal(few, many, passes),
  ];
}

/** Apart from the others: its copies of the texts take as much memory as their trees. */
async function floorGrowth(few: readonly string[], many: readonly string[], passes: number): Promise<number> {
  const [small, large] = [await Floor.create(few, false), await Floor.create(many, false)];
  const times = leastTimes(
    {
      few: { count: FEW, call: (i) => small.cross(i) },
      many: { count: MANY, call: (i) => large.cross(i) },
    },
    passes,
  );
  return times.many / times.few;
}

function evictionGoal(few: readonly string[], many: readonly string[], passes: number): Goal {
  const anEntry = ({ evictUs, entries }: Halving) => evictUs / entries;
  const swept = halving({ few, many }, TENANTS, passes, sweepCaches);
  const unswept = halving({ few, many }, TENANTS, passes);
  const warm = `caches not swept: ${shown(anEntry(unswept.many) / anEntry(unswept.few))} ×`;
  return ratioGoal("eviction, an entry, 40,000 : 2,000", anEntry(swept.many), anEntry(swept.few), 1.5, warm);
}

function operationsOn<Size extends "few" | "many">(size: Size, texts: readonly string[]) {
  const full = new Filler(texts, TENANTS).fillWholly();
  const fresh = new Filler(texts, TENANTS).fill();
  const count = texts.length;
  return {
    [`${size}Match`]: { count, call: (i: number) => full.tree.prefixMatch(texts[i]!) },
    [`${size}InsertAgain`]: { count, call: (i: number) => full.insert(i) },
    [`${size}InsertNew`]: { count, prepare: () => fresh.empty(), call: (i: number) => fresh.insert(i) },
  } as Record<`${Size}${"Match" | "InsertAgain" | "InsertNew"}`, Timed>;
}
