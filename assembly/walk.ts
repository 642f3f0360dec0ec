import { findChild } from "./edges";
import { allocate, grainsFor, release } from "./memory";
import { anyOwnerIn, bitmapWords } from "./owners";
import { Node, newNode } from "./records";
import {
  charactersUpTo,
  extentBytes,
  extentUnits,
  firstExtent,
  inlineUnits,
  isInline,
  nextExtent,
} from "./text";
import { characterAt, equalUnits, isHighSurrogate, isLowSurrogate } from "./units";

/**
 * The descent from the root along a text. Its state stays here between calls, so that a text longer than the window is
 * walked piece by piece, and an insert goes on where the walk ended. No piece ends inside a surrogate pair.
 */
export const root: Node = changetype<Node>(newNode());

/** The deepest node reached, and how many units of its segment the text has matched. */
export let node: Node = root;
export let offset: usize = 0;
/** Whether the text has left the tree. */
export let stopped: bool = false;

/** What lies above `node`. */
let unitsAbove: usize = 0;
let charactersAbove: u32 = 0;

/** The stored units that the text is compared with next, how many follow in that extent, and the extent. */
let stored: usize = 0;
let storedUnits: usize = 0;
let extent: usize = 0;

/** Two bitmaps of slots, one after the other: candidates of a match (written by JavaScript), owners of the node reached. */
let bitmaps: usize = allocate(grainsFor(bitmapBytes(1)));
let candidateMask: u64 = 0;

export function candidates(): usize {
  return bitmaps;
}

export function matchedOwners(): usize {
  return bitmaps + (<usize>bitmapWords() << 3);
}

export function bitmapBytes(words: u32): usize {
  return <usize>words << 4;
}

/** Makes the bitmaps as long as `bitmapWords()` says, from `words` before. Room must have been reserved. */
export function resizeBitmaps(words: u32): void {
  release(bitmaps, grainsFor(bitmapBytes(words)));
  bitmaps = allocate(grainsFor(bitmapBytes(bitmapWords())));
}

/** To be called when the candidates' bitmap has been written. */
export function foldCandidates(): void {
  let mask: u64 = 0;
  const end = bitmaps + (<usize>bitmapWords() << 3);
  for (let at = bitmaps; at < end; at += 8) mask |= load<u64>(at);
  candidateMask = mask;
}

export function begin(): void {
  node = root;
  offset = 0;
  stopped = false;
  unitsAbove = 0;
  charactersAbove = 0;
}

export function matchedUnits(): usize {
  return unitsAbove + offset;
}

export function matchedCharacters(): u32 {
  return charactersAbove + charactersUpTo(node, offset);
}

/** Characters of the path before the node reached. */
export function charactersBefore(): u32 {
  return charactersAbove;
}

/** Whether the walk could take its first step with this character. */
export function canBegin(character: u32, everyone: bool): bool {
  const child = findChild(root, character);
  return child !== null && (everyone || anyOwnerIn(child, bitmaps, candidateMask));
}

/**
 * Goes on along the units from `from` to `end`. Returns where it stopped: `end` when all of them matched.
 * A node that no candidate owns is not entered, unless `everyone` is one.
 */
export function follow(from: usize, end: usize, wide: u32, everyone: bool): usize {
  let at = from;
  while (at < end && !stopped) {
    if (offset == <usize>node.units) {
      const child = findChild(node, characterAt(at, end, wide));
      if (child === null || !(everyone || anyOwnerIn(child, bitmaps, candidateMask))) {
        stopped = true;
        break;
      }
      enter(child);
    }
    at = matchSegment(at, end, wide);
    if (wide && at > from && endsInsidePair(at, end)) {
      at -= 2;
      offset--;
      stopped = true;
    }
  }
  return at;
}

function enter(child: Node): void {
  unitsAbove += offset;
  charactersAbove += node.characters;
  node = child;
  offset = 0;
  if (isInline(child)) {
    stored = inlineUnits(child);
    storedUnits = <usize>child.units;
  } else {
    openExtent(firstExtent(child));
  }
}

function openExtent(next: usize): void {
  extent = next;
  stored = extentUnits(next);
  storedUnits = extentBytes(next) >> node.wide;
}

function matchSegment(at: usize, end: usize, wide: u32): usize {
  const segmentWide = node.wide;
  let wanted = min<usize>(<usize>node.units - offset, (end - at) >> wide);
  while (wanted) {
    const count = min(wanted, storedUnits);
    const equal = equalUnits(at, wide, stored, segmentWide, count);
    at += equal << wide;
    offset += equal;
    stored += equal << segmentWide;
    storedUnits -= equal;
    wanted -= equal;
    if (!storedUnits && offset < <usize>node.units) openExtent(nextExtent(extent));
    if (equal < count) {
      stopped = true;
      break;
    }
  }
  return at;
}

/**
 * Whether the walk cannot go on within this segment and the last unit that matched is one half of a character, in the
 * text or in the segment: then that unit is no shared character.
 */
function endsInsidePair(at: usize, end: usize): bool {
  if (!isHighSurrogate(load<u16>(at - 2))) return false;
  if (at < end && isLowSurrogate(load<u16>(at))) return true;
  return offset < <usize>node.units && node.wide != 0 && isLowSurrogate(load<u16>(stored));
}
