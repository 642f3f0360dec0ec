import { GRAIN, allocate, grainsFor, release, room, runFor } from "./memory";
import { copyUnits } from "./units";

/**
 * Text outside nodes: a chain of extents, nearly always one:
 *
 *   | next extent u32 | bytes u32 | units, one or two bytes each … |
 *
 * A split cuts an extent where it stands, so an extent may begin anywhere in a grain; it owns every grain it touches.
 * Several extents come from texts longer than the window, from splits, and from memory with no run long enough.
 */
export const HEADER: usize = 8;
const LONGEST_EXTENT: u32 = 2048;

/** What all extents hold, their headers and the rest of their last grains among it; and how much of that is text. */
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


/** One extent for `bytes`, or 0 when no run is long enough. */
export function newExtent(bytes: usize): usize {
  const grains = grainsFor(bytes + HEADER);
  const extent = allocate(grains);
  if (!extent) return 0;
  heldGrains += grains;
  usedBytes += bytes;
  store<u32>(extent, 0);
  store<u32>(extent, <u32>bytes, 4);
  return extent;
}

/** A chain of extents for `bytes` (even unless they fit one extent), as few as the free runs allow; 0 when there is no room. */
export function newExtents(bytes: usize): usize {
  if (room() < <usize>grainsFor(bytes + HEADER)) return 0;
  let first: usize = 0;
  let last: usize = 0;
  let grains = LONGEST_EXTENT;
  while (bytes) {
    grains = min(grains, runFor(grainsFor(bytes + HEADER)));
    const held = min<usize>(bytes, (<usize>grains << 5) - HEADER);
    const extent = newExtent(held);
    if (!extent) {
      grains >>= 1;
      if (grains) continue;
      freeExtents(first);
      return 0;
    }
    if (last) store<u32>(last, <u32>extent);
    else first = extent;
    last = extent;
    bytes -= held;
  }
  return first;
}

export function fillExtents(chain: usize, from: usize, wide: u32, toWide: u32): void {
  for (let extent = chain; extent; extent = nextExtent(extent)) {
    const units = extentBytes(extent) >> toWide;
    copyUnits(extentUnits(extent), toWide, from, wide, units);
    from += units << wide;
  }
}

/** Copies a chain of one-byte units into one of two-byte units. */
export function widenInto(to: usize, extent: usize): void {
  let used: usize = 0;
  for (; extent; extent = nextExtent(extent)) {
    let from = extentUnits(extent);
    let left = extentBytes(extent);
    while (left) {
      if (used == extentBytes(to)) {
        to = nextExtent(to);
        used = 0;
      }
      const units = min<usize>(left, (extentBytes(to) - used) >> 1);
      copyUnits(extentUnits(to) + used, 1, from, 0, units);
      used += units << 1;
      from += units;
      left -= units;
    }
  }
}


export function freeExtents(extent: usize): void {
  while (extent) {
    const next = nextExtent(extent);
    usedBytes -= extentBytes(extent);
    giveBack(extent & ~(GRAIN - 1), extentUnits(extent) + extentBytes(extent));
    extent = next;
  }
}

/** The extent without its first `bytes`, its header now just before what is left. */
export function dropFront(extent: usize, bytes: usize): usize {
  const next = load<u32>(extent);
  const left = extentBytes(extent) - bytes;
  const shorter = extent + bytes;
  usedBytes -= bytes;
  giveBack(extent & ~(GRAIN - 1), shorter & ~(GRAIN - 1));
  store<u32>(shorter, next);
  store<u32>(shorter, <u32>left, 4);
  return shorter;
}

/** Cuts off all but the first `bytes` of an extent. */
export function dropBack(extent: usize, bytes: usize): void {
  const units = extentUnits(extent);
  usedBytes -= extentBytes(extent) - bytes;
  giveBack((units + bytes + (GRAIN - 1)) & ~(GRAIN - 1), units + extentBytes(extent));
  store<u32>(extent, <u32>bytes, 4);
}

/** Releases the grains from `start` on up to that which `end`, exclusive, lies in. */
function giveBack(start: usize, end: usize): void {
  if (end <= start) return;
  const grains = grainsFor(end - start);
  heldGrains -= grains;
  release(start, grains);
}
