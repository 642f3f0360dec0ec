import {
  HEADER,
  dropBack,
  dropFront,
  extentBytes,
  extentUnits,
  fillExtents,
  freeExtents,
  newExtent,
  newExtents,
  nextExtent,
  widenInto,
} from "./extents";
import { grainsFor } from "./memory";
import { INLINE_BYTES, Node, TEXT } from "./records";
import { aboveLatin1, characterAt, copyUnits, isHighSurrogate, isLowSurrogate, pairsIn, unitAt } from "./units";

/** A node's segment: up to 20 bytes lie in the node, more in extents. How many bytes there are says which. */

export function isInline(node: Node): bool {
  return bytesOf(node) <= INLINE_BYTES;
}

/** Address of the units of a text that lies in its node. */
export function inlineUnits(node: Node): usize {
  return changetype<usize>(node) + TEXT;
}

export function firstExtent(node: Node): usize {
  return node.text;
}

export function freeText(node: Node): void {
  if (!isInline(node)) freeExtents(node.text);
}

/** Gives a node without text its first units: `count` of them from `from`. False when there is no room. */
export function setText(node: Node, from: usize, count: usize, wide: u32): bool {
  const toWide: u32 = wide && aboveLatin1(from, count) ? 1 : 0;
  const bytes = count << toWide;
  let to = inlineUnits(node);
  if (bytes > INLINE_BYTES) {
    const chain = newExtents(bytes);
    if (!chain) return false;
    node.text = chain;
    fillExtents(chain, from, wide, toWide);
  } else {
    copyUnits(to, toWide, from, wide, count);
  }
  node.wide = <u16>toWide;
  node.units = <u32>count;
  node.characters = <u32>charactersIn(from, count, wide, 0);
  return true;
}

/** Adds `count` units at the end of a text. False, and nothing has changed, when there is no room. */
export function appendText(node: Node, from: usize, count: usize, wide: u32): bool {
  const toWide: u32 = node.wide || (wide && aboveLatin1(from, count)) ? 1 : 0;
  if ((<usize>node.units + count) << toWide <= INLINE_BYTES) {
    appendInline(node, from, count, wide, toWide);
  } else {
    const chain = newExtents(count << toWide);
    if (!chain) return false;
    if ((isInline(node) || node.wide != toWide) && !rewrite(node, toWide)) {
      freeExtents(chain);
      return false;
    }
    fillExtents(chain, from, wide, toWide);
    let last = node.text;
    while (nextExtent(last)) last = nextExtent(last);
    store<u32>(last, <u32>chain);
  }
  node.units += <u32>count;
  node.characters += <u32>charactersIn(from, count, wide, 0);
  return true;
}

/** How many characters the first `count` units of a node's text are. */
export function charactersUpTo(node: Node, count: usize): u32 {
  if (!node.wide) return <u32>count;
  if (count == <usize>node.units) return node.characters;
  if (isInline(node)) return <u32>charactersIn(inlineUnits(node), count, 1, 0);
  let characters: usize = 0;
  let before: u32 = 0;
  let extent = node.text;
  while (count) {
    const units = min<usize>(count, extentBytes(extent) >> 1);
    const from = extentUnits(extent);
    characters += charactersIn(from, units, 1, before);
    before = load<u16>(from + (units << 1) - 2);
    count -= units;
    extent = nextExtent(extent);
  }
  return <u32>characters;
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

/** Takes off all but the first `count` units. */
export function shortenText(node: Node, count: usize): void {
  const characters = charactersUpTo(node, count);
  const bytes = count << node.wide;
  if (!isInline(node)) {
    let left = bytes;
    let extent = node.text;
    while (left > extentBytes(extent)) {
      left -= extentBytes(extent);
      extent = nextExtent(extent);
    }
    freeExtents(nextExtent(extent));
    store<u32>(extent, 0);
    dropBack(extent, left);
    moveInIfSmall(node, bytes);
  }
  node.units = <u32>count;
  node.characters = characters;
}

/** Grains of the extent that `cutText` will allocate; 0 when it needs none. */
export function cutGrains(node: Node, count: usize): u32 {
  if (isInline(node)) return 0;
  let extent = node.text;
  let left = count << node.wide;
  while (left >= extentBytes(extent)) {
    left -= extentBytes(extent);
    extent = nextExtent(extent);
  }
  return left ? grainsFor(min(left, extentBytes(extent) - left) + HEADER) : 0;
}

/**
 * Moves the first `count` units of `lower`'s text to `upper`, which has none. Only the extent that is cut is copied,
 * and of it only the smaller part, so cutting costs no more than reading that far did. Room must have been reserved.
 */
export function cutText(lower: Node, upper: Node, count: usize): void {
  const characters = charactersUpTo(lower, count);
  const wide = lower.wide;
  const rest = <usize>lower.units - count;
  const bytes = count << wide;
  upper.wide = <u16>wide;
  if (isInline(lower)) {
    const units = inlineUnits(lower);
    memory.copy(inlineUnits(upper), units, bytes);
    memory.copy(units, units + bytes, rest << wide);
  } else {
    let before: usize = 0;
    let extent = lower.text;
    let left = bytes;
    while (left >= extentBytes(extent)) {
      left -= extentBytes(extent);
      before = extent;
      extent = nextExtent(extent);
    }
    upper.text = lower.text;
    let upperEnd = before;
    if (left) {
      const size = extentBytes(extent);
      if (left <= size - left) {
        upperEnd = newExtent(left);
        memory.copy(extentUnits(upperEnd), extentUnits(extent), left);
        if (before) store<u32>(before, <u32>upperEnd);
        else upper.text = upperEnd;
        extent = dropFront(extent, left);
      } else {
        const moved = newExtent(size - left);
        memory.copy(extentUnits(moved), extentUnits(extent) + left, size - left);
        store<u32>(moved, load<u32>(extent));
        dropBack(extent, left);
        upperEnd = extent;
        extent = moved;
      }
    }
    store<u32>(upperEnd, 0);
    lower.text = extent;
    moveInIfSmall(upper, bytes);
    moveInIfSmall(lower, rest << wide);
  }
  upper.units = <u32>count;
  upper.characters = characters;
  lower.units = <u32>rest;
  lower.characters -= characters;
}

/** Writes up to `most` units of a text, from unit `from` on, to `to`, as wide as asked for. Returns how many. */
export function copyText(node: Node, from: usize, most: usize, to: usize, toWide: u32): usize {
  const wide = node.wide;
  const count = min<usize>(most, <usize>node.units - from);
  if (isInline(node)) {
    copyUnits(to, toWide, inlineUnits(node) + (from << wide), wide, count);
    return count;
  }
  let skip = from << wide;
  let extent = node.text;
  let left = count;
  while (left) {
    const bytes = extentBytes(extent);
    if (skip < bytes) {
      const units = min<usize>(left, (bytes - skip) >> wide);
      copyUnits(to, toWide, extentUnits(extent) + skip, wide, units);
      to += units << toWide;
      left -= units;
      skip = 0;
    } else {
      skip -= bytes;
    }
    extent = nextExtent(extent);
  }
  return count;
}

/** Whether every unit is up to 0xFF, however wide the text is stored. */
export function isLatin1(node: Node): bool {
  if (!node.wide) return true;
  if (isInline(node)) return !aboveLatin1(inlineUnits(node), node.units);
  for (let extent = node.text; extent; extent = nextExtent(extent)) {
    if (aboveLatin1(extentUnits(extent), extentBytes(extent) >> 1)) return false;
  }
  return true;
}

/** The character that a text begins with. */
export function firstCharacter(node: Node): u32 {
  const inside = isInline(node);
  const from = inside ? inlineUnits(node) : extentUnits(node.text);
  const count = inside ? <usize>node.units : extentBytes(node.text) >> node.wide;
  const first = unitAt(from, node.wide);
  if (count > 1 || !nextOf(node)) return characterAt(from, from + (count << node.wide), node.wide);
  const second = unitAt(extentUnits(nextOf(node)), node.wide);
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

/** Brings a text that has become small into its node; `node.units` is not set yet. */
function moveInIfSmall(node: Node, bytes: usize): void {
  if (bytes > INLINE_BYTES) return;
  const chain = node.text;
  let to = inlineUnits(node);
  for (let extent = chain; extent; extent = nextExtent(extent)) {
    memory.copy(to, extentUnits(extent), extentBytes(extent));
    to += extentBytes(extent);
  }
  freeExtents(chain);
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
  const chain = newExtents(<usize>node.units << toWide);
  if (!chain) return false;
  if (isInline(node)) fillExtents(chain, inlineUnits(node), node.wide, toWide);
  else widenInto(chain, node.text);
  freeText(node);
  node.text = chain;
  node.wide = <u16>toWide;
  return true;
}

function nextOf(node: Node): usize {
  return isInline(node) ? 0 : nextExtent(node.text);
}
