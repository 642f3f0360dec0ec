import { findChild } from "./edges";
import { allocate, grainsFor, release } from "./memory";
import { anyOwnerIn, bitmapWords, takeOwners, writeOwners } from "./owners";
import { INLINE_BYTES, Node, newNode } from "./records";
import { extentBytes, extentUnits, nextExtent } from "./extents";
import { charactersUpTo, firstBytes, firstUnits, inlineUnits, restOf } from "./text";
import { areEqual, characterAt, equalUnits, isHighSurrogate, isLowSurrogate } from "./units";

/**
 * The descent from the root along a text. Its state stays here between calls, so that a text longer than the window is
 * walked piece by piece, and an insert goes on where the walk ended. No piece ends inside a surrogate pair.
 */
export const root: Node = changetype<Node>(newNode());

/** Not part of any path: its children, by number, are the roots of the namespaces but the first, which is `root`'s. */
export const directory: Node = changetype<Node>(newNode());

let namespace: u32 = 0;
/** Whether the walk's namespace has no root, since nothing has been inserted into it. */
export let absent: bool = false;

/** The deepest node reached, and how many units of its segment the text has matched. */
export let node: Node = root;
export let offset: usize = 0;
/** Whether the text has left the tree. */
export let stopped: bool = false;

/** Where in the window the walk stopped. */
export let pieceAt: usize = 0;

/** What lies above `node`. */
let unitsAbove: usize = 0;
let charactersAbove: u32 = 0;

/** The stored units that the text is compared with next, how many follow in that piece, and the extent after it. */
let stored: usize = 0;
let storedUnits: usize = 0;
let extent: usize = 0;

/**
 * Three bitmaps of slots, one after the other, and a number a slot: candidates of a match (written by JavaScript), owners of
 * the node reached, candidates still to be placed; how many characters of the text each slot has.
 */
let bitmaps: usize = allocate(grainsFor(bitmapBytes(1)));
let candidateMask: u64 = 0;

export function candidates(): usize {
  return bitmaps;
}

export function matchedOwners(): usize {
  return bitmaps + (<usize>bitmapWords() << 3);
}

export function charactersBySlot(): usize {
  return bitmaps + 3 * (<usize>bitmapWords() << 3);
}

/**
 * Writes what a match has found to `results`: its characters, and the owners of the node reached (there, or to the bitmap
 * when there are more than 64 slots). When nothing has matched, that is everyone.
 */
export function report(results: usize): void {
  store<u32>(results, charactersAbove + charactersUpTo(node, offset));
  const reached = matchedUnits() ? node : root;
  if (bitmapWords() == 1) store<u64>(results, reached.ownerMask, 8);
  else writeOwners(reached, matchedOwners());
}

export function bitmapBytes(words: u32): usize {
  return <usize>words * (3 * 8 + 64 * 4);
}

/** Makes the bitmaps as long as `bitmapWords()` says, from `words` before. Room must have been reserved. */
export function resizeBitmaps(words: u32): void {
  const longer = allocate(grainsFor(bitmapBytes(bitmapWords())));
  release(bitmaps, grainsFor(bitmapBytes(words)));
  bitmaps = longer;
}

/** To be called when the candidates' bitmap has been written. */
export function foldCandidates(): void {
  let mask: u64 = 0;
  const end = bitmaps + (<usize>bitmapWords() << 3);
  for (let at = bitmaps; at < end; at += 8) mask |= load<u64>(at);
  candidateMask = mask;
}

/** Later walks begin at the root of this namespace; 0 is the tree's own root. */
export function selectNamespace(number: u32): void {
  namespace = number;
}

export function selectedNamespace(): u32 {
  return namespace;
}

export function begin(): void {
  const start = namespaceRoot();
  beginAt(start === null ? root : start);
  absent = start === null;
  stopped = absent;
}

/** Begins at the end of a node, as if that were a root. */
export function beginAt(start: Node): void {
  node = start;
  offset = start.units;
  absent = false;
  stopped = false;
  unitsAbove = 0;
  charactersAbove = 0;
}

/** The root of the selected namespace. It owns no text, and its parent is the tree's root, so that paths end there. */
export function namespaceRoot(): Node | null {
  return namespace ? findChild(directory, namespace) : root;
}

export function matchedUnits(): usize {
  return unitsAbove + offset;
}

/**
 * Writes, for every candidate, how many characters of the text just walked are its own: those down to the deepest node of
 * the path that it owns, since it owns every node above.
 */
export function reportEach(): void {
  const bytes = <usize>bitmapWords() << 3;
  const open = bitmaps + 2 * bytes;
  const characters = charactersBySlot();
  memory.copy(open, bitmaps, bytes);
  memory.fill(characters, 0, bytes << 5);
  let each = node;
  let matched = charactersAbove + charactersUpTo(node, offset);
  let above = charactersAbove;
  while (each !== root && takeOwners(each, open, matchedOwners(), characters, matched)) {
    matched = above;
    each = changetype<Node>(each.parent);
    above -= each.characters;
  }
}

/** Characters of the path before the node reached. */
export function charactersBefore(): u32 {
  return charactersAbove;
}

/** Lets the walk enter nodes that no candidate owns: if it stopped before one, it can go on. */
export function reopen(): void {
  stopped = absent || offset < <usize>node.units;
}

/** Puts the end of the walk further up on its path. */
export function moveTo(upper: Node, units: usize): void {
  node = upper;
  offset = units;
}

/** Whether a walk that has just begun could take its first step with this character. */
export function canBegin(character: u32, everyone: bool): bool {
  if (absent) return false;
  const child = findChild(node, character);
  return child !== null && (everyone || anyOwnerIn(child, bitmaps, candidateMask));
}

/** Goes on along the units from `from` to `end`. A node that no candidate owns is not entered, unless `everyone` is one. Returns where it stopped. */
export function follow(from: usize, end: usize, wide: u32, everyone: bool): usize {
  const mask = everyone ? u64.MAX_VALUE : bitmapWords() == 1 ? candidateMask : 0;
  let at = from;
  while (at < end && !stopped) {
    if (offset == <usize>node.units) at = followWhole(at, end, wide, mask);
    if (at < end) at = followOne(at, end, wide, everyone);
  }
  pieceAt = at;
  return at;
}

/**
 * Nearly all of a walk: enters one node after the other while its whole segment, in one piece and as wide as the text, matches. Calls
 * nothing, so that all it needs stays in registers: a node of one character takes 3 ns where it took 11.
 */
function followWhole(from: usize, end: usize, wide: u32, mask: u64): usize {
  let at = from;
  let current = node;
  let characters = charactersAbove;
  while (at < end) {
    const key: u32 = wide ? load<u16>(at) : load<u8>(at);
    let slot = current.children;
    if (slot & 1) {
      let rest = key;
      do {
        slot = <usize>load<u32>((slot ^ 1) + ((rest & 15) << 2));
        rest >>= 4;
      } while (slot & 1);
    }
    while (slot && changetype<Node>(slot).key != key) slot = changetype<usize>(changetype<Node>(slot).sibling);
    if (!slot) break;
    const child = changetype<Node>(slot);
    const bytes = <usize>child.units << wide;
    if (child.wide != wide || !(child.ownerMask & mask) || bytes > end - at) break;
    let stored = inlineUnits(child);
    if (bytes <= INLINE_BYTES) {
      if ((load<u64>(at) ^ load<u64>(stored)) << ((INLINE_BYTES - bytes) << 3)) break;
    } else {
      if (child.textRest) break;
      stored = child.text;
      if (!areEqual(at, stored, bytes)) break;
    }
    if (wide && isHighSurrogate(load<u16>(at + bytes - 2))) break;
    characters += current.characters;
    current = child;
    at += bytes;
  }
  unitsAbove += offset + ((at - from) >> wide) - current.units;
  charactersAbove = characters;
  offset = current.units;
  node = current;
  return at;
}

/** Goes on in the node reached, or enters the next one. */
function followOne(from: usize, end: usize, wide: u32, everyone: bool): usize {
  let at = from;
  let current = node;
  let matched = offset;
  let next = stored;
  let left = storedUnits;
  let chain = extent;
  let units = <usize>current.units;
  if (matched == units) {
    const child = findChild(current, characterAt(at, end, wide));
    if (child === null || !(everyone || anyOwnerIn(child, bitmaps, candidateMask))) {
      stopped = true;
      return at;
    }
    unitsAbove += units;
    charactersAbove += current.characters;
    current = child;
    matched = 0;
    units = <usize>child.units;
    next = firstUnits(child);
    left = firstBytes(child) >> child.wide;
    chain = restOf(child);
  }
  const segmentWide = current.wide;
  let wanted = min<usize>(units - matched, (end - at) >> wide);
  do {
    const count = min(wanted, left);
    const equal = equalUnits(at, wide, next, segmentWide, count);
    at += equal << wide;
    matched += equal;
    next += equal << segmentWide;
    left -= equal;
    wanted -= equal;
    if (!left && matched < units) {
      next = extentUnits(chain);
      left = extentBytes(chain) >> segmentWide;
      chain = nextExtent(chain);
    }
    if (equal < count) {
      stopped = true;
      break;
    }
  } while (wanted);
  if (wide && at > from && isHighSurrogate(load<u16>(at - 2))) {
    const pairInText = at < end && isLowSurrogate(load<u16>(at));
    const pairInSegment = matched < units && segmentWide && isLowSurrogate(load<u16>(next));
    if (pairInText || pairInSegment) {
      // The walk ends here, and the last unit that matched is half of a character: it is not shared.
      at -= 2;
      matched--;
      stopped = true;
    }
  }
  node = current;
  offset = matched;
  stored = next;
  storedUnits = left;
  extent = chain;
  return at;
}
