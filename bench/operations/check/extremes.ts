import type { PrefixTree } from "../../../dist/index.js";
import { chatTexts } from "../texts.js";
import { treeOf } from "./filler.js";
import { type Goal, ratioGoal } from "./goal.js";
import { leastTimes, type Timed } from "./least-times.js";

/** Four times the length, or the depth, may cost four times as much; the goals are ratios to that. */
const FACTOR = 4;
const LONG = 1_000_000;
const DEEP = 20_000;
const MOST = 1.25;

/** One text of a million characters, and a path of 20,000 nodes of a character each. */
export function extremeGoals(seed: number, passes: number): Goal[] {
  const text = chatTexts(200, seed).join("").slice(0, LONG);
  if (text.length < LONG) throw new RangeError(`the long text has only ${text.length} characters`);
  const short = text.slice(0, LONG / FACTOR);
  const long = leastTimes(
    {
      matchShort: matchOf(short),
      matchLong: matchOf(text),
      insertShort: insertOf(short),
      insertLong: insertOf(text),
    },
    1,
    passes,
  );
  const deepText = text.slice(0, DEEP);
  const deep = leastTimes({ low: matchPath(deepText.slice(0, DEEP / FACTOR)), high: matchPath(deepText) }, 1, passes);
  return [
    ratioGoal("prefixMatch, 1 M characters : 4 × 250,000", long.matchLong, FACTOR * long.matchShort, MOST),
    ratioGoal("insert, 1 M characters : 4 × 250,000", long.insertLong, FACTOR * long.insertShort, MOST),
    ratioGoal("prefixMatch, 20,000 nodes deep : 4 × 5,000", deep.high, FACTOR * deep.low, MOST),
  ];
}

function matchOf(text: string): Timed {
  const tree = treeOf(1);
  tree.insert(text, "replica-0", 1);
  return { call: () => tree.prefixMatch(text) };
}

function insertOf(text: string): Timed {
  const tree = treeOf(1);
  let now = 0;
  return {
    prepare: () => {
      tree.insert(text, "replica-0", ++now);
      tree.evictTenantByLru("replica-0", text.length);
    },
    call: () => tree.insert(text, "replica-0", ++now),
  };
}

/** Inserting its prefixes, the longest first, splits a text at every character. */
function matchPath(text: string): Timed {
  const tree: PrefixTree = treeOf(1);
  for (let length = text.length; length > 0; length--) tree.insert(text.slice(0, length), "replica-0", 1);
  const { nodes } = tree.stats();
  if (nodes < text.length) throw new Error(`a path of ${nodes} nodes, not ${text.length}`);
  return { call: () => tree.prefixMatch(text) };
}
