import { textsOf } from "../workloads/index.js";
import { Filler } from "./filler.js";
import { type CheckOptions, type Goal, ratioGoal, shown } from "./goal.js";
import { leastTimes } from "./least-times.js";

const TEXTS = 2000;
const MANY_TEXTS = 40_000;
const TENANTS = 4;
const MANY_TENANTS = 1000;
const PAGE = 65536;
/** Of what all texts need; the bound then evicts at nearly every insert once it is reached. */
const BOUND_SHARE = 0.5;

/**
 * What inserts cost that must first evict: amortised O(1) an entry removed and O(log tenants) to find it, so that neither
 * the size of the bound nor the number of tenants may show much. The project names no limit for it.
 */
export function pressureFigures({ seed, passes }: CheckOptions): Goal[] {
  const texts = textsOf("chat", TEXTS, seed);
  const free = new Filler(texts, TENANTS).fill();
  const few = bounded(texts);
  const many = bounded(textsOf("chat", MANY_TEXTS, seed));
  const manyTenants = bounded(texts, MANY_TENANTS);
  const times = leastTimes(
    {
      free: { count: TEXTS, prepare: () => free.empty(), call: (i) => free.insert(i) },
      few: { count: TEXTS, call: (i) => few.insert(i) },
      many: { count: MANY_TEXTS, call: (i) => many.insert(i) },
      manyTenants: { count: TEXTS, call: (i) => manyTenants.insert(i) },
    },
    passes,
  );
  const { maxBytes, pressureEvictions } = few.tree.stats();
  const evictions = `${shown(pressureEvictions / (TEXTS * (passes + 1)))} evictions an insert, bound ${maxBytes} bytes`;
  return [
    ratioGoal("insert, new text, evicting for room : with room", times.few, times.free, null, evictions),
    ratioGoal("insert, evicting for room, 40,000 texts : 2,000", times.many, times.few, null),
    ratioGoal("insert, evicting for room, 1,000 tenants : 4", times.manyTenants, times.few, null),
  ];
}

function bounded(texts: readonly string[], tenants = TENANTS): Filler {
  const { storedBytes } = new Filler(texts, tenants).fill().tree.stats();
  return new Filler(texts, tenants, { maxBytes: Math.ceil((storedBytes * BOUND_SHARE) / PAGE) * PAGE }).fill();
}
