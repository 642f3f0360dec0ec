import type { PrefixTree } from "../../../dist/index.js";
import { Random } from "../../../src/random/index.js";
import { textsOf } from "../workloads/index.js";
import { Filler, tenantNames } from "./filler.js";
import { type CheckOptions, type Goal, ratioGoal, shown } from "./goal.js";
import { leastTimes } from "./least-times.js";

const TEXTS = 2000;
const TENANTS = 4;
const VISITOR = "visitor";

/** What `compact()` gains after owners have come and gone, in two ways of that. The project names no limit for it. */
export function compactionFigures({ seed, passes }: CheckOptions): Goal[] {
  const texts = textsOf("chat", TEXTS, seed);
  return [
    ...gains("half of 8 replicas removed", texts, passes, () => {
      const { tree } = new Filler(texts, 2 * TENANTS).fill();
      tree.removeTenants(tenantNames(2 * TENANTS).slice(TENANTS));
      return tree;
    }),
    ...gains("a visitor gone that left each text midway", texts, passes, () => {
      const { tree } = new Filler(texts, TENANTS).fill();
      tree.addTenants([VISITOR], 0);
      const random = new Random(seed);
      for (const text of texts) tree.insert(`${text.slice(0, random.below(text.length))}#`, VISITOR, 1);
      tree.removeTenants([VISITOR]);
      return tree;
    }),
  ];
}

function gains(what: string, texts: readonly string[], passes: number, make: () => PrefixTree): Goal[] {
  const [before, after] = [make(), make()];
  const { compact } = leastTimes({ compact: onFresh(make) }, passes);
  const gone = after.compact();
  if (gone === 0) throw new Error(`${what}: nothing to compact`);
  for (const text of texts) {
    const [left, right] = [before.prefixMatch(text), after.prefixMatch(text)];
    if (left.matchedChars !== right.matchedChars) throw new Error(`${what}: another match after compact()`);
  }
  const count = texts.length;
  const times = leastTimes(
    {
      before: { count, call: (i) => before.prefixMatch(texts[i]!) },
      after: { count, call: (i) => after.prefixMatch(texts[i]!) },
    },
    passes,
  );
  const [old, now] = [before.stats(), after.stats()];
  const nodes = `${old.nodes} nodes to ${now.nodes}, ${old.storedBytes} bytes in use to ${now.storedBytes}`;
  return [
    {
      what: `compact, bytes in use: ${what}`,
      measured: now.storedBytes / old.storedBytes,
      limit: null,
      unit: "×",
      figures: `${nodes}, in ${shown(compact)} µs`,
    },
    ratioGoal("compact, prefixMatch after : before", times.after, times.before, null),
  ];
}

/** Each pass compacts a tree of its own. */
function onFresh(make: () => PrefixTree) {
  let tree: PrefixTree;
  return {
    count: 1,
    prepare: () => {
      tree = make();
    },
    call: () => tree.compact(),
  };
}
