import type { Alphabet } from "../texts.js";
import { chatTexts } from "../texts.js";
import { Filler } from "./filler.js";
import { Floor } from "./floor.js";
import { type Goal, ratioGoal } from "./goal.js";
import { leastBatch, leastTimes } from "./least-times.js";

const TEXTS = 2000;
const TENANTS = 4;

/** What one call costs, on 2,000 texts of 4 tenants, next to the floor. */
export async function speedGoals(seed: number, passes: number): Promise<Goal[]> {
  const ascii = await timesOf("ascii", seed, passes);
  const cjk = await timesOf("cjk", seed, passes);
  return [
    ratioGoal("prefixMatch, full hit, ASCII : floor", ascii.match, ascii.floor, 1.25),
    ratioGoal("prefixMatch, full hit, CJK and emoji : floor", cjk.match, cjk.floor, 1.25),
    ratioGoal("insert, text already there : prefixMatch", ascii.insertAgain, ascii.match, 1.25),
    ratioGoal("insert, new text, memory grown : prefixMatch", ascii.insertNew, ascii.match, 2),
    ratioGoal("matchThenInsert : prefixMatch", ascii.matchThenInsert, ascii.match, 1.3),
    missGoal(seed),
  ];
}

async function timesOf(alphabet: Alphabet, seed: number, passes: number) {
  const texts = chatTexts(TEXTS, seed, alphabet);
  const floor = await Floor.create(texts, alphabet);
  const full = new Filler(texts, TENANTS).fill();
  const fresh = new Filler(texts, TENANTS).fill();
  let now = TEXTS;
  return leastTimes(
    {
      floor: { call: (i) => floor.cross(i) },
      match: { call: (i) => full.tree.prefixMatch(texts[i]!) },
      insertAgain: { call: (i) => full.insert(i) },
      matchThenInsert: {
        call: (i) => full.tree.matchThenInsert(texts[i]!, null, () => `replica-${i % TENANTS}`, ++now),
      },
      insertNew: { prepare: () => fresh.empty(), call: (i) => fresh.insert(i) },
    },
    TEXTS,
    passes,
  );
}

function missGoal(seed: number): Goal {
  const texts = chatTexts(TEXTS, seed);
  const { tree } = new Filler(texts, TENANTS).fill();
  const misses = texts.map((text) => `#${text}`);
  const timeUs = leastBatch((i) => tree.prefixMatch(misses[i]!), misses.length, 50);
  return { what: "prefixMatch, miss at the first character", measured: timeUs, goal: 0.15, unit: "µs", figures: "" };
}
