import {
  HEADER,
  dropBack,
  dropFront,
  extentBytes,
  extentUnits,
  freeExtents,
  newExtent,
  newRun,
  nextExtent,
  releaseRun,
  setExtentBytes,
} from "./extents";
import { GRAIN, RESULTS, grainsFor } from "./memory";
import { INLINE_BYTES, Node } from "./records";
import { bytesOf, charactersUpTo, copyText, firstBytes, freeText, inlineUnits, isInline, moveInside } from "./text";

/** How a text is shortened, and cut in two when its node is split. */

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
/** A cut copies no more than an extent of 1 KiB holds: where free memory lies scattered there may be no longer run. */
const MOST_COPIED: usize = 1024 - HEADER;

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
  const copied = pieceUnits + bytesBefore - copiedFrom();
  if (copied) upperGrains = grainsFor(copied + HEADER);
}

/**
 * Moves the first `count` units of `lower`'s text to `upper`, which has none. Of two large parts no more is copied than
 * `copiedFrom` says, so cutting costs no more than reading that far did (and, of a text in extents, a look at each). Room must have been
 * reserved.
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

/**
 * From where on the piece that is cut is copied up to the cut, for the upper part: from its beginning, or, where that is too much, from the
 * beginning of the grain that the cut falls into, so that no grain is in both parts.
 */
function copiedFrom(): usize {
  return bytesBefore > MOST_COPIED ? (pieceUnits + bytesBefore) & ~(GRAIN - 1) : pieceUnits;
}

/** Gives `upper` the pieces of the first `bytes`, the last of them copied to an extent, and leaves `lower` the rest where it is. */
function cutPieces(lower: Node, upper: Node, bytes: usize): void {
  findPiece(lower, bytes);
  const cut = pieceUnits + bytesBefore;
  const from = copiedFrom();
  const copied = cut - from;
  let dropped = pieceExtent ? pieceExtent : pieceUnits;
  let upperEnd = extentBefore;
  upper.text = lower.text;
  upper.textRest = lower.textRest;
  if (from != pieceUnits) {
    dropped = from;
    upperEnd = pieceExtent;
    if (upperEnd) setExtentBytes(upperEnd, bytesBefore - copied);
  }
  let copy: usize = 0;
  if (copied) {
    copy = newExtent(copied);
    memory.copy(extentUnits(copy), from, copied);
  }
  dropFront(dropped, cut, copied);
  if (upperEnd) {
    store<u32>(upperEnd, <u32>copy);
  } else if (from != pieceUnits || pieceExtent) {
    upper.textRest = <u32>copy;
  } else {
    upper.text = extentUnits(copy);
    upper.textRest = 0;
  }
  lower.text = cut;
  lower.textRest = <u32>pieceNext;
}
