import { chatTexts } from "../texts.js";
import { Filler } from "./filler.js";
import type { Goal } from "./goal.js";

const TEXTS = 2000;
const TENANTS = 4;

/** Bytes of memory for each character that the tree stores, whoever owns it. */
export function memoryGoal(seed: number): Goal {
  const { tree } = new Filler(chatTexts(TEXTS, seed), TENANTS).fill();
  const characters = tree.inspect().nodes.reduce((sum, node) => sum + node.text.length, 0);
  const { memoryBytes } = tree.stats();
  return {
    what: "memory, a stored ASCII character",
    measured: memoryBytes / characters,
    goal: 1.15,
    unit: "bytes",
    figures: `${memoryBytes} bytes, ${characters} characters`,
  };
}
