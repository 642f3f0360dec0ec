import type { PrefixTree } from "../../../dist/index.js";
import { chatTexts } from "../texts.js";
import { Filler, tenantNames, treeOf } from "./filler.js";
import { type Goal, ratioGoal, shown } from "./goal.js";
import { leastTimes } from "./least-times.js";

const TEXTS = 2000;
const FEW = 4;
const MANY = 1000;
const PROMPT_CHARACTERS = 7000;

/** What 1,000 tenants cost where 4 do not. */
export function ownerGoals(seed: number, passes: number): Goal[] {
  const texts = chatTexts(TEXTS, seed);
  const prompt = texts.join("").slice(0, PROMPT_CHARACTERS);
  const fewTenants = new Filler(texts, FEW);
  const manyTenants = new Filler(texts, MANY);
  const inserts = leastTimes(
    {
      few: { prepare: () => fewTenants.empty(), call: (i) => fewTenants.insert(i) },
      many: { prepare: () => manyTenants.empty(), call: (i) => manyTenants.insert(i) },
    },
    TEXTS,
    passes,
  );
  const insertGoal = ratioGoal("inserts of new texts, 1,000 tenants : 4", inserts.many, inserts.few, 2);
  insertGoal.figures += `; one that splits a node of 1,000 owners takes ${shown(splitUs(prompt, passes))} µs`;
  return [insertGoal, matchGoal(prompt, passes), ...eachGoals(texts, passes)];
}

/** One system prompt that all tenants own, matched among all of them. */
function matchGoal(prompt: string, passes: number): Goal {
  const times = leastTimes({ few: matchAmong(prompt, FEW), many: matchAmong(prompt, MANY) }, TEXTS, passes);
  return ratioGoal("prefixMatch of a shared prompt, TenantSet of 1,000 : of 4", times.many, times.few, 2);
}

function matchAmong(prompt: string, tenants: number) {
  const tree = sharedBy(prompt, tenants);
  const set = tree.tenantSet(tenantNames(tenants));
  return { call: () => tree.prefixMatch(prompt, set) };
}

/** Every tenant's own match from one descent. */
function eachGoals(texts: readonly string[], passes: number): Goal[] {
  const eight = new Filler(texts, 8).fill().tree;
  const many = new Filler(texts, 512).fill().tree;
  const eightNames = eight.tenantSet(tenantNames(8));
  const manyNames = many.tenantSet(tenantNames(512));
  const times = leastTimes(
    {
      eightMatch: { call: (i) => eight.prefixMatch(texts[i]!) },
      eightEach: { call: (i) => eight.prefixMatchEach(texts[i]!, eightNames) },
      manyMatch: { call: (i) => many.prefixMatch(texts[i]!) },
      manyEach: { call: (i) => many.prefixMatchEach(texts[i]!, manyNames) },
    },
    texts.length,
    passes,
  );
  return [
    ratioGoal("prefixMatchEach of 8 tenants : prefixMatch", times.eightEach, times.eightMatch, 1.5),
    ratioGoal("prefixMatchEach of 512 tenants : prefixMatch", times.manyEach, times.manyMatch, 3),
  ];
}

/** Mean over ten places in the prompt, each nearer to its beginning than the one before. */
function splitUs(prompt: string, passes: number): number {
  const splits = 10;
  let tree: PrefixTree;
  const { split } = leastTimes(
    {
      split: {
        prepare: () => {
          tree = sharedBy(prompt, MANY);
        },
        call: (i) => tree.insert(prompt.slice(0, prompt.length - 100 * (i + 1)), "replica-0", MANY + i),
      },
    },
    splits,
    passes,
  );
  return split;
}

function sharedBy(prompt: string, tenants: number): PrefixTree {
  const tree = treeOf(tenants);
  for (const [i, name] of tenantNames(tenants).entries()) tree.insert(prompt, name, i + 1);
  return tree;
}
