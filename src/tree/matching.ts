import type { Candidates } from "./candidates.js";
import { RESULTS } from "./core.js";
import type { TreeParts } from "./parts.js";
import { PrefixMatch } from "./prefix-match.js";

/** Where, in 32-bit words of the memory, a match leaves what it found. */
const MATCH = RESULTS >>> 2;

/** Matches a text in the namespace that is selected. */
export function matchText({ core, tenants, descent }: TreeParts, text: string, candidates: Candidates): PrefixMatch {
  if (candidates.tenants.length === 0) {
    descent.forget();
    return new PrefixMatch(0, text, 0, candidates, 0, 0, null);
  }
  if (!candidates.everyone) tenants.bringToCore(candidates);
  const units = descent.walk(text, candidates.everyone);
  const words = tenants.words();
  const wordCount = candidates.bitmap.length;
  const owners = wordCount > 2 ? copied(words, (core.bitmaps() >>> 2) + wordCount, wordCount) : null;
  return new PrefixMatch(words[MATCH]!, text, units, candidates, words[MATCH + 2]!, words[MATCH + 3]!, owners);
}

/** Matches a text and gives every name's own matched characters; 0 for one that is no tenant. */
export function matchEach(
  { core, tenants, descent }: TreeParts,
  text: string,
  names: readonly string[],
  candidates: Candidates,
): Uint32Array {
  tenants.bringToCore(candidates);
  descent.walk(text, false);
  core.match_each();
  const words = tenants.words();
  // Three bitmaps, and behind them a number a slot (assembly/index.ts).
  const at = (core.bitmaps() >>> 2) + 3 * candidates.bitmap.length;
  if (candidates.tenants.length === names.length && candidates.inSlotOrder) return words.slice(at, at + names.length);
  const matched = new Uint32Array(names.length);
  for (let i = 0; i < names.length; i++) matched[i] = words[at + (tenants.get(names[i]!)?.slot ?? Number.NaN)] ?? 0;
  return matched;
}

/** As an array: a typed one of more than 64 bytes costs V8 a call of the allocator, several times as much as this. */
function copied(words: Uint32Array, from: number, count: number): number[] {
  const copy = new Array<number>(count);
  for (let i = 0; i < count; i++) copy[i] = words[from + i]! | 0;
  return copy;
}
