import type { PrefixTree } from "../../../dist/index.js";
import { textsOf } from "../workloads/index.js";
import { treeOf } from "./filler.js";
import { type CheckOptions, type Goal, ratioGoal } from "./goal.js";
import { leastTimes, type Timed } from "./least-times.js";

/** Four times the length, or the depth, may cost four times as much; the goals are ratios to that. */
const FACTOR = 4;
const LONG = 1_000_000;
const DEEP = 20_000;
/** What "linear" allows for: 1 M characters fit no cache of the second level, 250,000 do. */
const MOST = 1.25;
const TENANT = "replica-0";

/** One text of a million characters, and a path of 20,000 nodes of a character each. */
export function extremeGoals({ seed, passes }: CheckOptions): Goal[] {
  const text = textsOf("chat", 400, seed).join("").slice(0, LONG);
  if (text.length < LONG) throw new RangeError(`the long text has only ${text.length} characters`);
  const short = text.slice(0, LONG / FACTOR);
  const long = leastTimes(
    {
      matchShort: matchOf(short),
      matchLong: matchOf(text),
      insertShort: insertOf(short),
      insertLong: insertOf(text),
    },
    passes,
  );
  const deepText = text.slice(0, DEEP);
  const lowText = text.slice(0, DEEP / FACTOR);
  const deep = leastTimes(
    {
      matchLow: matchPath(lowText),
      matchDeep: matchPath(deepText),
      insertLow: insertPath(lowText),
      insertDeep: insertPath(deepText),
      evictLow: evictPath(lowText),
      evictDeep: evictPath(deepText),
    },
    passes,
  );
  readWholly(deepText);
  return [
    ratioGoal("prefixMatch, 1 M characters : 4 × 250,000", long.matchLong, FACTOR * long.matchShort, MOST),
    ratioGoal("insert, 1 M characters : 4 × 250,000", long.insertLong, FACTOR * long.insertShort, MOST),
    ratioGoal("prefixMatch, 20,000 nodes deep : 4 × 5,000", deep.matchDeep, FACTOR * deep.matchLow, MOST),
    ratioGoal("insert, 20,000 nodes deep : 4 × 5,000", deep.insertDeep, FACTOR * deep.insertLow, MOST),
    ratioGoal("eviction of 20,000 nodes on a path : 4 × 5,000", deep.evictDeep, FACTOR * deep.evictLow, MOST),
  ];
}

function matchOf(text: string): Timed {
  const tree = treeOf(1);
  tree.insert(text, TENANT, 1);
  return { count: 1, call: () => tree.prefixMatch(text) };
}

/** The memory has grown before: what is inserted has been there once and was evicted. */
function insertOf(text: string): Timed {
  const tree = treeOf(1);
  let now = 0;
  return {
    count: 1,
    prepare: () => {
      tree.insert(text, TENANT, ++now);
      tree.evictTenantByLru(TENANT, text.length);
    },
    call: () => tree.insert(text, TENANT, ++now),
  };
}

function matchPath(text: string): Timed {
  const tree = pathOf(text);
  return { count: 1, call: () => tree.prefixMatch(text) };
}

function insertPath(text: string): Timed {
  const tree = pathOf(text);
  let now = 1;
  return { count: 1, call: () => tree.insert(text, TENANT, ++now) };
}

function evictPath(text: string): Timed {
  let tree: PrefixTree;
  return {
    count: 1,
    prepare: () => {
      tree = pathOf(text);
    },
    call: () => tree.evictTenantByLru(TENANT, text.length),
  };
}

/** What reads a whole tree must not run out of stack on it. */
function readWholly(text: string): void {
  const tree = pathOf(text);
  const { nodes } = tree.inspect();
  if (nodes.length <= text.length) throw new Error(`a path of ${nodes.length} nodes, not ${text.length}`);
  if (tree.removeTenants([TENANT]).get(TENANT) !== text.length) throw new Error("the path was not removed");
}

/** Inserting its prefixes, the longest first, splits a text at every character. */
function pathOf(text: string): PrefixTree {
  const tree = treeOf(1);
  for (let length = text.length; length > 0; length--) tree.insert(text.slice(0, length), TENANT, 1);
  const { nodes } = tree.stats();
  if (nodes < text.length) throw new Error(`a path of ${nodes} nodes, not ${text.length}`);
  return tree;
}
