import {
  HEADER,
  bareRest,
  dropBack,
  dropFront,
  extentBytes,
  extentUnits,
  fillExtents,
  freeExtents,
  newExtent,
  newPieces,
  newRun,
  nextExtent,
  releaseRun,
  setExtentBytes,
} from "./extents";
import { RESULTS, grainsFor } from "./memory";
import { INLINE_BYTES, Node, TEXT } from "./records";
import { aboveLatin1, characterAt, copyUnits, isHighSurrogate, isLowSurrogate, pairsIn, unitAt } from "./units";

/**
 * A node's segment: up to 8 bytes lie in the node, more in a run and, now and then, extents after it (`textRest`). How many bytes there
 * are says which.
 */

export function isInline(node: Node): bool {
  return bytesOf(node) <= INLINE_BYTES;
}

/** Address of the units of a text that lies in its node. */
export function inlineUnits(node: Node): usize {
  return changetype<usize>(node) + TEXT;
}

/** Address of a text's first units: all of them, unless `textRest` has more. */
export function firstUnits(node: Node): usize {
  return isInline(node) ? inlineUnits(node) : node.text;
}

/** How many bytes of a text are in its first piece. */
export function firstBytes(node: Node): usize {
  const bytes = bytesOf(node);
  return bytes <= INLINE_BYTES ? bytes : bytes - chainBytes(node.textRest);
}

/** The extents after the first piece, or 0. */
export function restOf(node: Node): usize {
  return isInline(node) ? 0 : <usize>node.textRest;
}

export function freeText(node: Node): void {
  if (isInline(node)) return;
  releaseRun(node.text, firstBytes(node));
  freeExtents(node.textRest);
}

/** Gives a node without text its first units: `count` of them from `from`. False when there is no room. */
export function setText(node: Node, from: usize, count: usize, wide: u32): bool {
  const toWide: u32 = wide && aboveLatin1(from, count) ? 1 : 0;
  if (!reserve(node, count, toWide)) return false;
  const head = firstBytes(node) >> toWide;
  copyUnits(firstUnits(node), toWide, from, wide, head);
  fillExtents(restOf(node), from + (head << wide), wide, toWide);
  node.characters = <u32>charactersIn(from, count, wide, 0);
  return true;
}

/** Makes place for a text of so many units in a node that has none. False when there is no room. */
export function reserve(node: Node, units: usize, wide: u32): bool {
  const bytes = units << wide;
  if (bytes > INLINE_BYTES) {
    const run = newPieces(bytes, true);
    if (!run) return false;
    node.text = run;
    node.textRest = <u32>bareRest;
  }
  node.wide = <u16>wide;
  node.units = <u32>units;
  return true;
}

/** Adds `count` units at the end of a text. False, and nothing has changed, when there is no room. */
export function appendText(node: Node, from: usize, count: usize, wide: u32): bool {
  const toWide: u32 = node.wide || (wide && aboveLatin1(from, count)) ? 1 : 0;
  if ((<usize>node.units + count) << toWide <= INLINE_BYTES) {
    appendInline(node, from, count, wide, toWide);
  } else {
    const chain = newPieces(count << toWide, false);
    if (!chain) return false;
    if ((isInline(node) || node.wide != toWide) && !rewrite(node, toWide)) {
      freeExtents(chain);
      return false;
    }
    fillExtents(chain, from, wide, toWide);
    let last = <usize>node.textRest;
    if (!last) node.textRest = <u32>chain;
    else {
      while (nextExtent(last)) last = nextExtent(last);
      store<u32>(last, <u32>chain);
    }
  }
  node.units += <u32>count;
  node.characters += <u32>charactersIn(from, count, wide, 0);
  return true;
}

/** How many characters the first `count` units of a node's text are. */
export function charactersUpTo(node: Node, count: usize): u32 {
  if (!node.wide) return <u32>count;
  if (count == <usize>node.units) return node.characters;
  let characters: usize = 0;
  let before: u32 = 0;
  let from = firstUnits(node);
  let units = min(count, firstBytes(node) >> 1);
  let extent = restOf(node);
  for (;;) {
    characters += charactersIn(from, units, 1, before);
    count -= units;
    if (!count) return <u32>characters;
    before = load<u16>(from + (units << 1) - 2);
    from = extentUnits(extent);
    units = min(count, extentBytes(extent) >> 1);
    extent = nextExtent(extent);
  }
  return 0;
}

/** How many units the first `characters` of a node's text are. */
export function unitsUpTo(node: Node, characters: u32): usize {
  if (!node.wide || characters == node.characters) return <usize>min(characters, node.units);
  let units = <usize>characters;
  for (;;) {
    const found = charactersUpTo(node, units);
    if (found == characters) break;
    units += <usize>(characters - found);
  }
  return charactersUpTo(node, units + 1) == characters ? units + 1 : units;
}

/** Takes off all but the first `count` units, at least one. */
export function shortenText(node: Node, count: usize): void {
  const characters = charactersUpTo(node, count);
  const bytes = count << node.wide;
  if (!isInline(node)) {
    dropTail(node, bytes);
    if (bytes <= INLINE_BYTES) moveInside(node, bytes);
  }
  node.units = <u32>count;
  node.characters = characters;
}

/**
 * A cut leaves no part of up to so many bytes in several pieces, or in a run that begins within a grain: that would waste too much. It is
 * copied to a run of its own.
 */
const SMALL: usize = 256;

/** Grains of the runs that `cutText` will allocate for the upper and for the lower part; 0 where it needs none. */
export let upperGrains: u32 = 0;
export let lowerGrains: u32 = 0;

export function planCut(node: Node, count: usize): void {
  upperGrains = 0;
  lowerGrains = 0;
  if (isInline(node)) return;
  const bytes = count << node.wide;
  const rest = bytesOf(node) - bytes;
  if (bytes <= SMALL && bytes > INLINE_BYTES) upperGrains = grainsFor(bytes);
  if (rest <= SMALL && rest > INLINE_BYTES) lowerGrains = grainsFor(rest);
  if (bytes <= SMALL || rest <= SMALL) return;
  findPiece(node, bytes);
  const after = pieceBytes - bytesBefore;
  if (bytesBefore > after) lowerGrains = grainsFor(after);
  else if (bytesBefore) upperGrains = grainsFor(pieceExtent ? bytesBefore + HEADER : bytesBefore);
}

/**
 * Moves the first `count` units of `lower`'s text to `upper`, which has none. Of two large parts only the piece that is cut is copied,
 * and of that the smaller part, so cutting costs no more than reading that far did (and, of a text in extents, a look at each). Room must
 * have been reserved.
 */
export function cutText(lower: Node, upper: Node, count: usize): void {
  const characters = charactersUpTo(lower, count);
  const wide = lower.wide;
  const restUnits = <usize>lower.units - count;
  const bytes = count << wide;
  const rest = restUnits << wide;
  upper.wide = wide;
  if (isInline(lower)) {
    const units = inlineUnits(lower);
    memory.copy(inlineUnits(upper), units, bytes);
    memory.copy(units, units + bytes, rest);
  } else {
    upper.units = lower.units;
    if (bytes > SMALL && rest > SMALL) {
      cutPieces(lower, upper, bytes);
    } else {
      // Where the rest goes to until the text is out of the node.
      const after: usize = rest > SMALL ? 0 : rest > INLINE_BYTES ? newRun(rest) : RESULTS;
      if (after) copyText(lower, count, restUnits, after, wide);
      if (bytes > SMALL) {
        upper.text = lower.text;
        upper.textRest = lower.textRest;
        dropTail(upper, bytes);
      } else {
        const before = bytes > INLINE_BYTES ? newRun(bytes) : inlineUnits(upper);
        copyText(lower, 0, count, before, wide);
        if (bytes > INLINE_BYTES) upper.text = before;
        if (after) freeText(lower);
        else dropHead(lower, bytes);
      }
      if (rest <= INLINE_BYTES) {
        memory.copy(inlineUnits(lower), after, rest);
      } else if (after) {
        lower.text = after;
        lower.textRest = 0;
      }
    }
  }
  upper.units = <u32>count;
  upper.characters = characters;
  lower.units = <u32>restUnits;
  lower.characters -= characters;
}

/** The piece that a cut falls into: where its units are, how many bytes it has, and how many of them are before the cut. */
let pieceUnits: usize = 0;
let pieceBytes: usize = 0;
let bytesBefore: usize = 0;
/** It, and the one before it, where they are extents; else 0. */
let pieceExtent: usize = 0;
let extentBefore: usize = 0;
/** The extent after it. */
let pieceNext: usize = 0;

function findPiece(node: Node, bytes: usize): void {
  pieceUnits = node.text;
  pieceBytes = firstBytes(node);
  bytesBefore = bytes;
  pieceExtent = 0;
  extentBefore = 0;
  pieceNext = node.textRest;
  while (bytesBefore >= pieceBytes) {
    bytesBefore -= pieceBytes;
    extentBefore = pieceExtent;
    pieceExtent = pieceNext;
    pieceUnits = extentUnits(pieceExtent);
    pieceBytes = extentBytes(pieceExtent);
    pieceNext = nextExtent(pieceExtent);
  }
}

/** Frees a text after its first `bytes`, at least one; the node's length is still the old one. */
function dropTail(node: Node, bytes: usize): void {
  findPiece(node, bytes - 1);
  const from = pieceUnits + bytesBefore + 1;
  dropBack(from, pieceUnits + pieceBytes);
  if (pieceExtent) {
    setExtentBytes(pieceExtent, bytesBefore + 1);
    store<u32>(pieceExtent, 0);
  } else {
    node.textRest = 0;
  }
  freeExtents(pieceNext);
}

/** Frees the first `bytes` of a text, not all; the node's length is still the old one. */
function dropHead(node: Node, bytes: usize): void {
  findPiece(node, bytes);
  const from = pieceUnits + bytesBefore;
  if (pieceExtent) {
    releaseRun(node.text, firstBytes(node));
    if (extentBefore) {
      store<u32>(extentBefore, 0);
      freeExtents(node.textRest);
    }
  }
  dropFront(pieceExtent ? pieceExtent : pieceUnits, from, bytesBefore);
  node.text = from;
  node.textRest = <u32>pieceNext;
}

/** Gives `upper` the pieces of the first `bytes`, and leaves `lower` the rest. */
function cutPieces(lower: Node, upper: Node, bytes: usize): void {
  findPiece(lower, bytes);
  const cut = pieceUnits + bytesBefore;
  const end = pieceUnits + pieceBytes;
  let lowerUnits = cut;
  let upperEnd = extentBefore;
  upper.text = lower.text;
  upper.textRest = lower.textRest;
  if (bytesBefore > end - cut) {
    lowerUnits = newRun(end - cut);
    memory.copy(lowerUnits, cut, end - cut);
    dropBack(cut, end);
    if (pieceExtent) setExtentBytes(pieceExtent, bytesBefore);
    upperEnd = pieceExtent;
  } else {
    if (bytesBefore && pieceExtent) {
      const copy = newExtent(bytesBefore);
      memory.copy(extentUnits(copy), pieceUnits, bytesBefore);
      if (upperEnd) store<u32>(upperEnd, <u32>copy);
      else upper.textRest = <u32>copy;
      upperEnd = copy;
    } else if (bytesBefore) {
      upper.text = newRun(bytesBefore);
      memory.copy(upper.text, pieceUnits, bytesBefore);
    }
    dropFront(pieceExtent ? pieceExtent : pieceUnits, cut, bytesBefore);
  }
  if (upperEnd) store<u32>(upperEnd, 0);
  else upper.textRest = 0;
  lower.text = lowerUnits;
  lower.textRest = <u32>pieceNext;
}

/** Writes up to `most` units of a text, from unit `from` on, to `to`, as wide as asked for. Returns how many. */
export function copyText(node: Node, from: usize, most: usize, to: usize, toWide: u32): usize {
  const wide = node.wide;
  const count = min<usize>(most, <usize>node.units - from);
  let skip = from << wide;
  let units = firstUnits(node);
  let bytes = firstBytes(node);
  let extent = restOf(node);
  let left = count;
  while (left) {
    if (skip < bytes) {
      const taken = min<usize>(left, (bytes - skip) >> wide);
      copyUnits(to, toWide, units + skip, wide, taken);
      to += taken << toWide;
      left -= taken;
      skip = 0;
    } else {
      skip -= bytes;
    }
    if (!left) break;
    units = extentUnits(extent);
    bytes = extentBytes(extent);
    extent = nextExtent(extent);
  }
  return count;
}

/** Whether every unit is up to 0xFF, however wide the text is stored. */
export function isLatin1(node: Node): bool {
  if (!node.wide) return true;
  if (aboveLatin1(firstUnits(node), firstBytes(node) >> 1)) return false;
  for (let extent = restOf(node); extent; extent = nextExtent(extent)) {
    if (aboveLatin1(extentUnits(extent), extentBytes(extent) >> 1)) return false;
  }
  return true;
}

/** The character that a text begins with. */
export function firstCharacter(node: Node): u32 {
  const from = firstUnits(node);
  const count = firstBytes(node) >> node.wide;
  const first = unitAt(from, node.wide);
  const rest = restOf(node);
  if (count > 1 || !rest) return characterAt(from, from + (count << node.wide), node.wide);
  const second = unitAt(extentUnits(rest), node.wide);
  return isHighSurrogate(first) && isLowSurrogate(second) ? 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff) : first;
}

/** Code points among `count` units, of which `before` is the one before; a surrogate without its partner is one. */
function charactersIn(from: usize, count: usize, wide: u32, before: u32): usize {
  if (!wide || !count) return count;
  const head = isHighSurrogate(before) && isLowSurrogate(load<u16>(from)) ? 1 : 0;
  return count - head - pairsIn(from, count);
}

function bytesOf(node: Node): usize {
  return <usize>node.units << node.wide;
}

/** Brings a text of `bytes` into its node; the node's length is not theirs yet. */
function moveInside(node: Node, bytes: usize): void {
  const run = node.text;
  const rest = <usize>node.textRest;
  const head = bytes - chainBytes(rest);
  let to = inlineUnits(node);
  memory.copy(to, run, head);
  to += head;
  for (let extent = rest; extent; extent = nextExtent(extent)) {
    memory.copy(to, extentUnits(extent), extentBytes(extent));
    to += extentBytes(extent);
  }
  releaseRun(run, head);
  freeExtents(rest);
}

function appendInline(node: Node, from: usize, count: usize, wide: u32, toWide: u32): void {
  const units = inlineUnits(node);
  const length = <usize>node.units;
  if (toWide && !node.wide) {
    for (let i = length; i--; ) store<u16>(units + (i << 1), load<u8>(units + i));
    node.wide = 1;
  }
  copyUnits(units + (length << toWide), toWide, from, wide, count);
}

/** Stores a text anew, outside its node, with `toWide`. False, and nothing has changed, when there is no room. */
function rewrite(node: Node, toWide: u32): bool {
  const units = <usize>node.units;
  const run = newPieces(units << toWide, true);
  if (!run) return false;
  const rest = bareRest;
  let to = run;
  let most = (units << toWide) - chainBytes(rest);
  let next = rest;
  for (let from: usize = 0; from < units; ) {
    from += copyText(node, from, most >> toWide, to, toWide);
    if (!next) break;
    to = extentUnits(next);
    most = extentBytes(next);
    next = nextExtent(next);
  }
  freeText(node);
  node.text = run;
  node.textRest = <u32>rest;
  node.wide = <u16>toWide;
  return true;
}

function chainBytes(extent: usize): usize {
  let bytes: usize = 0;
  for (; extent; extent = nextExtent(extent)) bytes += extentBytes(extent);
  return bytes;
}
