import { GRAIN, allocate, grainsFor, release, room, runFor } from "./memory";
import { copyUnits } from "./units";

/**
 * Text outside nodes: one run of units, and, where that was not all, a chain of extents:
 *
 *   | next extent u32 | bytes u32 | units, one or two bytes each … |
 *
 * A split cuts a run where it stands, so it may begin anywhere in a grain; it owns every grain it touches.
 * Several pieces come from texts longer than the window, and from memory with no run long enough.
 */
export const HEADER: usize = 8;
const LONGEST_RUN: u32 = 2048;

/** What all text outside nodes holds, with headers and the rest of the last grains; and how much of that is text. */
export let heldGrains: usize = 0;
export let usedBytes: usize = 0;

export function nextExtent(extent: usize): usize {
  return <usize>load<u32>(extent);
}

export function extentUnits(extent: usize): usize {
  return extent + HEADER;
}

export function extentBytes(extent: usize): usize {
  return <usize>load<u32>(extent, 4);
}

/** A run for `bytes` of text, or 0 when none is long enough. */
export function newRun(bytes: usize): usize {
  const grains = grainsFor(bytes);
  const run = allocate(grains);
  if (!run) return 0;
  heldGrains += grains;
  usedBytes += bytes;
  return run;
}

export function newExtent(bytes: usize): usize {
  const extent = newRun(bytes + HEADER);
  if (!extent) return 0;
  usedBytes -= HEADER;
  store<u32>(extent, 0);
  store<u32>(extent, <u32>bytes, 4);
  return extent;
}

/**
 * Pieces for `bytes` (even unless they fit one), as few as the free runs allow: with `bare` the first is a run, whose length is then in
 * `bareBytes` and the extents after it in `bareRest`. 0 when there is no room.
 */
export function newPieces(bytes: usize, bare: bool): usize {
  if (room() < <usize>grainsFor(bytes + HEADER)) return 0;
  let first: usize = 0;
  let last: usize = 0;
  let grains = LONGEST_RUN;
  bareRest = 0;
  while (bytes) {
    const header: usize = bare && !first ? 0 : HEADER;
    grains = min(grains, runFor(grainsFor(bytes + header)));
    const held = min<usize>(bytes, (<usize>grains << 5) - header);
    const piece = header ? newExtent(held) : newRun(held);
    if (!piece) {
      grains >>= 1;
      if (grains) continue;
      if (bare && first) releaseRun(first, bareBytes);
      freeExtents(bare ? bareRest : first);
      return 0;
    }
    if (last) store<u32>(last, <u32>piece);
    else if (first) bareRest = piece;
    if (!first) {
      first = piece;
      bareBytes = held;
    }
    if (header) last = piece;
    bytes -= held;
  }
  return first;
}

export let bareBytes: usize = 0;
export let bareRest: usize = 0;

export function fillExtents(chain: usize, from: usize, wide: u32, toWide: u32): void {
  for (let extent = chain; extent; extent = nextExtent(extent)) {
    const units = extentBytes(extent) >> toWide;
    copyUnits(extentUnits(extent), toWide, from, wide, units);
    from += units << wide;
  }
}

export function freeExtents(extent: usize): void {
  while (extent) {
    const next = nextExtent(extent);
    const bytes = extentBytes(extent);
    usedBytes -= bytes;
    giveBack(extent, extentUnits(extent) + bytes);
    extent = next;
  }
}

export function releaseRun(run: usize, bytes: usize): void {
  usedBytes -= bytes;
  giveBack(run & ~(GRAIN - 1), run + bytes);
}

/** Cuts off what is before `from` in a run or an extent that begins at `start`; `bytes` of it were text. */
export function dropFront(start: usize, from: usize, bytes: usize): void {
  usedBytes -= bytes;
  giveBack(start & ~(GRAIN - 1), from & ~(GRAIN - 1));
}

/** Cuts off the last bytes of a run or an extent, those from `from` to `end`. */
export function dropBack(from: usize, end: usize): void {
  usedBytes -= end - from;
  giveBack((from + (GRAIN - 1)) & ~(GRAIN - 1), end);
}

export function setExtentBytes(extent: usize, bytes: usize): void {
  store<u32>(extent, <u32>bytes, 4);
}

/** Releases the grains from `start` on up to that which `end`, exclusive, lies in. */
function giveBack(start: usize, end: usize): void {
  if (end <= start) return;
  const grains = grainsFor(end - start);
  heldGrains -= grains;
  release(start, grains);
}
