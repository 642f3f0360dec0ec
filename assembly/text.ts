import { bareRest, extentBytes, extentUnits, fillExtents, freeExtents, newPieces, nextExtent, releaseRun } from "./extents";
import { RESULTS } from "./memory";
import { INLINE_BYTES, Node, TEXT } from "./records";
import { aboveLatin1, characterAt, copyUnits, isHighSurrogate, isLowSurrogate, pairsIn } from "./units";

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
  const wide = node.wide;
  const count = copyText(node, 0, 2, RESULTS, wide);
  return characterAt(RESULTS, RESULTS + (count << wide), wide);
}

/** Code points among `count` units, of which `before` is the one before; a surrogate without its partner is one. */
function charactersIn(from: usize, count: usize, wide: u32, before: u32): usize {
  if (!wide || !count) return count;
  const head = isHighSurrogate(before) && isLowSurrogate(load<u16>(from)) ? 1 : 0;
  return count - head - pairsIn(from, count);
}

export function bytesOf(node: Node): usize {
  return <usize>node.units << node.wide;
}

/** Brings a text of `bytes` into its node; the node's length is not theirs yet. */
export function moveInside(node: Node, bytes: usize): void {
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
