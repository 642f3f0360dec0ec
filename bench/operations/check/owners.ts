import type { PrefixTree } from "../../../dist/index.js";
import { textsOf } from "../workloads/index.js";
import { Filler, tenantNames, treeOf } from "./filler.js";
import { type CheckOptions, type Goal, ratioGoal } from "./goal.js";
import { leastBatches, leastTimes, type Timed } from "./least-times.js";

const TEXTS = 2000;
const FEW = 4;
const MANY = 1000;
const PROMPT_CHARACTERS = 7000;
/** Of the texts under one shared prompt, every so many leaves the prompt in its middle. */
const SPLIT_EVERY = 50;

/** What 1,000 tenants cost where 4 do not. */
export function ownerGoals({ seed, passes }: CheckOptions): Goal[] {
  const texts = textsOf("chat", TEXTS, seed);
  const prompt = texts.join("").slice(0, PROMPT_CHARACTERS);
  return [...insertGoals(texts, prompt, passes), matchGoal(prompt, passes), ...eachGoals(texts, passes)];
}

function insertGoals(texts: readonly string[], prompt: string, passes: number): Goal[] {
  const shared = underOnePrompt(texts, prompt);
  const times = leastTimes(
    {
      few: inserts(texts, FEW),
      many: inserts(texts, MANY),
      fewShared: inserts(shared, FEW),
      manyShared: inserts(shared, MANY),
    },
    passes,
  );
  const splits = Math.floor((TEXTS - MANY) / SPLIT_EVERY);
  return [
    ratioGoal("inserts of new chats, 1,000 tenants : 4", times.many, times.few, 2),
    ratioGoal(
      "inserts under one prompt, 1,000 tenants : 4",
      times.manyShared,
      times.fewShared,
      2,
      `${splits} of ${TEXTS} split a node of 1,000 owners`,
    ),
    {
      what: "insert that splits a node of 1,000 owners",
      measured: splitUs(prompt, passes),
      limit: null,
      unit: "µs",
      figures: "",
    },
  ];
}

function inserts(texts: readonly string[], tenants: number): Timed {
  const filler = new Filler(texts, tenants);
  return { count: texts.length, prepare: () => filler.empty(), call: (i) => filler.insert(i) };
}

/**
 * Every text begins with the prompt, which soon belongs to all tenants; from then on every `SPLIT_EVERY`th leaves it in its
 * middle, each at another place.
 */
function underOnePrompt(texts: readonly string[], prompt: string): string[] {
  const longest = prompt.length - 1;
  return texts.map((text, i) => {
    const splits = i >= MANY && i % SPLIT_EVERY === SPLIT_EVERY - 1;
    const kept = splits ? 1 + ((i * 7919) % longest) : prompt.length;
    const own = `#${i} ${text.slice(-500)}`;
    return JSON.parse(JSON.stringify(prompt.slice(0, kept) + own)) as string;
  });
}

/** One system prompt that all tenants own, matched among all of them. */
function matchGoal(prompt: string, passes: number): Goal {
  const times = leastBatches({ few: matchAmong(prompt, FEW), many: matchAmong(prompt, MANY) }, 4 * passes);
  return ratioGoal("prefixMatch of a shared prompt, TenantSet of 1,000 : of 4", times.many, times.few, 2);
}

function matchAmong(prompt: string, tenants: number): Timed {
  const tree = sharedBy(prompt, tenants);
  const set = tree.tenantSet(tenantNames(tenants));
  return { count: 500, call: () => tree.prefixMatch(prompt, set) };
}

/** Every tenant's own match from one descent. */
function eachGoals(texts: readonly string[], passes: number): Goal[] {
  const eight = new Filler(texts, 8).fill().tree;
  const many = new Filler(texts, 512).fill().tree;
  const eightNames = eight.tenantSet(tenantNames(8));
  const manyNames = many.tenantSet(tenantNames(512));
  const count = texts.length;
  const times = leastTimes(
    {
      eightMatch: { count, call: (i) => eight.prefixMatch(texts[i]!) },
      eightEach: { count, call: (i) => eight.prefixMatchEach(texts[i]!, eightNames) },
      manyMatch: { count, call: (i) => many.prefixMatch(texts[i]!) },
      manyEach: { count, call: (i) => many.prefixMatchEach(texts[i]!, manyNames) },
    },
    passes,
  );
  return [
    ratioGoal("prefixMatchEach of 8 tenants : prefixMatch", times.eightEach, times.eightMatch, 1.5),
    ratioGoal("prefixMatchEach of 512 tenants : prefixMatch", times.manyEach, times.manyMatch, 3),
  ];
}

/** Mean over ten places in the prompt, each nearer to its beginning than the one before. */
function splitUs(prompt: string, passes: number): number {
  let tree: PrefixTree;
  const { split } = leastTimes(
    {
      split: {
        count: 10,
        prepare: () => {
          tree = sharedBy(prompt, MANY);
        },
        call: (i) => tree.insert(prompt.slice(0, prompt.length - 100 * (i + 1)), "replica-0", MANY + i),
      },
    },
    passes,
  );
  return split;
}

function sharedBy(prompt: string, tenants: number): PrefixTree {
  const tree = treeOf(tenants);
  for (const [i, name] of tenantNames(tenants).entries()) tree.insert(prompt, name, i + 1);
  return tree;
}
