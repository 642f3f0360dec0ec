import type { TreeState, TreeUnderTest } from "./adapter.js";
import { sha256 } from "./sha256.js";

/** A text: itself, or parts to be joined, each a string or [k, a, b]: code points a to b of library text k. */
type Text = string | (string | [number, number, number])[];
type Pairs = [string, number][];

type Operation =
  | ["add", string[], number]
  | ["insert", Text, string, number]
  | ["match", Text, string[] | null, number, string[] | null]
  | ["remove", string[], Pairs]
  | ["evict", string, number, number]
  | ["smallest", string[] | null, string[] | null]
  | ["sweep", number, number, Pairs]
  | ["counts", Pairs]
  | ["state", { counts: Pairs; nodes: unknown[]; lru: [string, number[]][] }];

export interface Scenario {
  id: string;
  kind: string;
  lib?: (string | [string, number])[];
  ops: Operation[];
}

/**
 * Does the operations in order. Returns what differed: where, what was there, what should have been. Uses nothing that is
 * Node's, since test/runtimes runs it everywhere; it waits only for hashes, which Web Crypto has no other way to give.
 */
export async function replay(
  { lib = [], ops }: Scenario,
  tree: TreeUnderTest,
): Promise<{ at: number; got: unknown; want: unknown }[]> {
  const library = lib.map((entry) => Array.from(typeof entry === "string" ? entry : entry[0].repeat(entry[1])));
  const textOf = (text: Text): string =>
    typeof text === "string"
      ? text
      : text
          .map((part) => (typeof part === "string" ? part : library[part[0]]!.slice(part[1], part[2]).join("")))
          .join("");
  const differences: { at: number; got: unknown; want: unknown }[] = [];
  for (const [at, operation] of ops.entries()) {
    const [got, want] = await perform(tree, operation, textOf);
    if (JSON.stringify(got) !== JSON.stringify(want)) differences.push({ at, got, want });
  }
  return differences;
}

async function perform(
  tree: TreeUnderTest,
  operation: Operation,
  textOf: (text: Text) => string,
): Promise<[unknown, unknown]> {
  switch (operation[0]) {
    case "add":
      return [tree.addTenants(operation[1], operation[2]), undefined];
    case "insert":
      return [tree.insert(textOf(operation[1]), operation[2], operation[3]), undefined];
    case "match": {
      const [, text, names, chars, tenants] = operation;
      const { matchedChars, matchedText, matchedTenants } = tree.match(textOf(text), names && { names });
      const whole = Array.from(textOf(text));
      return [
        [matchedChars, matchedText, matchedTenants],
        [chars, whole.slice(0, chars).join(""), tenants],
      ];
    }
    case "remove":
      return [tree.remove(operation[1]), operation[2]];
    case "evict":
      return [tree.evict(operation[1], operation[2]), operation[3]];
    case "smallest":
      return [tree.smallest(operation[1] && { names: operation[1] }), operation[2]];
    case "sweep":
      tree.sweep(operation[1], operation[2]);
      return [tree.counts(), operation[3]];
    case "counts":
      return [tree.counts(), operation[1]];
    case "state": {
      const { counts, nodes, lru } = operation[1];
      return [
        [tree.counts(), ...(await recorded(tree.dump()))],
        [counts, nodes, lru],
      ];
    }
  }
}

/** A dump as the scenarios record it: times sorted by tenant (code points), long segments as length and hash. */
async function recorded({ nodes, recency }: TreeState): Promise<[unknown, unknown]> {
  const shown = [];
  for (const { parent, text, times } of nodes) {
    const length = Array.from(text).length;
    const segment = length <= LONGEST_SHOWN ? text : [length, (await sha256(text)).slice(0, 16)];
    shown.push([parent, segment, [...times].sort(([a], [b]) => byCodePoints(a, b))]);
  }
  return [shown, recency];
}

const LONGEST_SHOWN = 60;

function byCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
