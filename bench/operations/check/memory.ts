import type { PrefixTree } from "../../../dist/index.js";
import { shortName, textsOf } from "../workloads/index.js";
import { Filler, tenantNames, treeOf } from "./filler.js";
import { type CheckOptions, type Goal, shown } from "./goal.js";

const TEXTS = 2000;
const TENANTS = 4;
/** Under a bound of this share of what the texts need, every second insert or so has to evict. */
const BOUND_SHARE = 0.5;
const PAGE = 65536;

/** What is held besides the characters: by the memory as a whole, a node, and text that nobody refers to. */
export function memoryGoals({ seed, workloads }: CheckOptions): Goal[] {
  const texts = textsOf("chat", TEXTS, seed);
  return [
    characterGoal(texts),
    ...nodeGoals(texts),
    ...workloads.map((workload) => wasteGoal(workload, textsOf(workload, TEXTS, seed))),
  ];
}

function characterGoal(texts: readonly string[]): Goal {
  const { tree } = new Filler(texts, TENANTS).fill();
  const characters = textBytes(tree);
  const { memoryBytes } = tree.stats();
  return {
    what: "memory, a stored ASCII character",
    measured: memoryBytes / characters,
    limit: 1.15,
    unit: "bytes",
    figures: `${memoryBytes} bytes, ${characters} characters`,
  };
}

/** The 2,000 texts, each inserted for one tenant or for all four: every node then has one owner or few, or it has four. */
function nodeGoals(texts: readonly string[]): Goal[] {
  const byOwners = [1, 2, 3, 4].map((owners) => `${owners}: ${shown(bytesANode(texts, owners))}`).join(", ");
  const shared = new Filler(texts, TENANTS).fill().tree;
  const bytes = besidesText(shared, TENANTS) / (shared.stats().nodes - 1);
  return [
    {
      what: "a node besides its text, 2,000 texts of 4 tenants",
      measured: bytes,
      limit: 96,
      unit: "bytes",
      figures: "",
    },
    {
      what: "a node besides its text, when it has 4 owners",
      measured: bytesANode(texts, TENANTS),
      limit: 96,
      unit: "bytes",
      figures: `by owners ${byOwners}`,
    },
  ];
}

function bytesANode(texts: readonly string[], owners: number): number {
  const tree = treeOf(owners);
  for (const [i, text] of texts.entries()) for (const name of tenantNames(owners)) tree.insert(text, name, i);
  return besidesText(tree, owners) / (tree.stats().nodes - 1);
}

/** Bytes in use, less the text, less what an empty tree of those tenants uses. */
function besidesText(tree: PrefixTree, tenants: number): number {
  return tree.stats().storedBytes - textBytes(tree) - treeOf(tenants).stats().storedBytes;
}

/** Filled twice under a bound that is too small: what is held for text and is none, at most, as a share of the bound. */
function wasteGoal(workload: string, texts: readonly string[]): Goal {
  const needed = new Filler(texts, TENANTS).fill().tree.stats().storedBytes;
  const maxBytes = Math.ceil((needed * BOUND_SHARE) / PAGE) * PAGE;
  const filler = new Filler(texts, TENANTS, { maxBytes }).fill();
  const most = { waste: 0, records: 0, free: 0 };
  for (let i = 0; i < texts.length; i++) {
    filler.insert(i);
    const { textWasteBytes, recordBytes, freeBytes } = filler.tree.stats();
    most.waste = Math.max(most.waste, textWasteBytes);
    most.records = Math.max(most.records, recordBytes);
    most.free = Math.max(most.free, freeBytes);
  }
  if (filler.tree.stats().pressureEvictions === 0) throw new Error(`${workload}: ${maxBytes} bytes were not too few`);
  const share = (bytes: number) => shown((100 * bytes) / maxBytes);
  return {
    what: `text waste, ${shortName(workload)}, of the bound`,
    measured: (100 * most.waste) / maxBytes,
    limit: 25,
    unit: "%",
    figures: `records ${share(most.records)} %, free ${share(most.free)} % at most; bound ${maxBytes} bytes`,
  };
}

/** Bytes of the segments: one a character while all of a segment are below U+0100, else two a UTF-16 unit. */
function textBytes(tree: PrefixTree): number {
  return tree.inspect().nodes.reduce((sum, { text }) => sum + text.length * (isLatin1(text) ? 1 : 2), 0);
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false;
  return true;
}
