import { textsOf } from "../workloads/index.js";
import { Filler, tenantNames } from "./filler.js";
import { Floor } from "./floor.js";
import { type CheckOptions, type Goal, ratioGoal, shown } from "./goal.js";
import { halving } from "./halving.js";
import { leastBatches, leastTimes, sweepCaches } from "./least-times.js";

const TEXTS = 2000;
const TENANTS = 4;
const MISS_BATCHES = 50;

/** What one call costs, on 2,000 texts of 4 tenants, next to the floor. */
export async function speedGoals({ seed, passes }: CheckOptions): Promise<Goal[]> {
  const texts = textsOf("chat", TEXTS, seed);
  const ascii = await timesOf(texts, false, passes);
  const cjk = await timesOf(textsOf("cjk", TEXTS, seed), true, passes);
  const goalOf = (what: string, time: Operation, of: Operation, limit: number) => {
    return ratioGoal(what, ascii.times[time], ascii.times[of], limit, swept(ascii, time, of));
  };
  const cjkOf = (time: Operation, of: Operation) => `CJK: ${shown(cjk.times[time] / cjk.times[of])} ×`;
  const again = goalOf("insert, text already there : prefixMatch", "insertAgain", "match", 1.25);
  const fresh = goalOf("insert, new text, memory grown : prefixMatch", "insertNew", "match", 2);
  const both = goalOf("matchThenInsert : prefixMatch", "matchThenInsert", "match", 1.3);
  again.figures += `; ${cjkOf("insertAgain", "match")}`;
  fresh.figures += `; ${cjkOf("insertNew", "match")}`;
  both.figures += `; ${cjkOf("matchThenInsert", "match")}`;
  return [
    goalOf("prefixMatch, full hit, ASCII : floor", "match", "floor", 1.25),
    ratioGoal(
      "prefixMatch, full hit, CJK and emoji : floor",
      cjk.times.match,
      cjk.times.floor,
      1.25,
      swept(cjk, "match", "floor"),
    ),
    again,
    fresh,
    both,
    missGoal(texts),
    ...evictionGoals(texts, passes),
  ];
}

type Operation = "floor" | "match" | "insertAgain" | "matchThenInsert" | "insertNew";

type Times = Record<Operation, number>;

/** The same ratio when every pass begins with swept caches. */
function swept({ afterSweep }: { afterSweep: Times }, time: Operation, of: Operation): string {
  return `caches swept: ${shown(afterSweep[time] / afterSweep[of])} ×`;
}

async function timesOf(texts: readonly string[], wide: boolean, passes: number) {
  const floor = await Floor.create(texts, wide);
  const full = new Filler(texts, TENANTS).fillWholly();
  const fresh = new Filler(texts, TENANTS).fill();
  const names = tenantNames(TENANTS);
  const count = texts.length;
  let now = count;
  let chosen = "";
  const choose = () => chosen;
  const operations = {
    floor: { count, call: (i: number) => floor.cross(i) },
    match: { count, call: (i: number) => full.tree.prefixMatch(texts[i]!) },
    insertAgain: { count, call: (i: number) => full.insert(i) },
    matchThenInsert: {
      count,
      call: (i: number) => {
        chosen = names[i % TENANTS]!;
        full.tree.matchThenInsert(texts[i]!, null, choose, ++now);
      },
    },
    insertNew: { count, prepare: () => fresh.empty(), call: (i: number) => fresh.insert(i) },
  };
  return { times: leastTimes(operations, passes), afterSweep: leastTimes(operations, passes, sweepCaches) };
}

function missGoal(texts: readonly string[]): Goal {
  const { tree } = new Filler(texts, TENANTS).fill();
  const misses = texts.map((text) => `#${text}`);
  const { miss } = leastBatches({ miss: { count: TEXTS, call: (i) => tree.prefixMatch(misses[i]!) } }, MISS_BATCHES);
  return { what: "prefixMatch, miss at the first character", measured: miss, limit: 0.15, unit: "µs", figures: "" };
}

function evictionGoals(texts: readonly string[], passes: number): Goal[] {
  const { evictUs, entries } = halving({ few: texts }, TENANTS, passes).few;
  const { few } = halving({ few: texts }, TENANTS, passes, sweepCaches);
  const figures = `${entries} entries; caches swept: ${shown(few.evictUs / entries)} µs an entry`;
  return [
    { what: "evictTenantByLru, an entry", measured: evictUs / entries, limit: 0.2, unit: "µs", figures },
    {
      what: "evictTenantByLru, 4 calls that halve the tree",
      measured: evictUs / 1000,
      limit: 0.4,
      unit: "ms",
      figures,
    },
  ];
}
