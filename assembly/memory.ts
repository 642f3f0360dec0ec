/**
 * The pool: every record and every piece of text is a run of 32-byte grains, taken from here and given back here.
 * Free runs that touch are merged at once, so nothing fragments for good, and nothing ever moves.
 *
 *   region (1 MiB)   | bitmap, 4 KiB | grains …                                          |
 *   first region     | bitmap, 4 KiB | window, 16 KiB | heads of the free lists | results | grains … |
 *
 * A bit of the bitmap is set when its grain is the first or the last of a free run.
 *
 *   free run         | size u32 | previous u32 | next u32 | …                  | size u32 |
 *
 * Sizes are in grains. Free lists are kept by the power of two below the size. Above `frontier` all is free and
 * untouched; a free run that reaches the frontier lowers it, so an emptied tree is again as it began.
 */
export const GRAIN: usize = 32;
const GRAIN_BITS: usize = 5;
const REGION: usize = 1 << 20;
const REGION_HEADER: usize = REGION >> GRAIN_BITS >> 3;

/** Where texts cross. Vectors may be loaded up to 16 bytes past its end. */
export const WINDOW: usize = REGION_HEADER;
export const WINDOW_BYTES: usize = 16384;

const HEADS: usize = WINDOW + WINDOW_BYTES;
/** 32 bytes that index.ts describes. */
export const RESULTS: usize = HEADS + 64;
const FIRST_GRAIN: usize = RESULTS + 32;
/** Free runs of 2^5 grains (1 KiB) or more are worth cutting a text for. */
const LONG_CLASS: u32 = 5;
/** Never used, so that a vector may be loaded past the end of any record. */
const GUARD: usize = 64;
const PAGE: usize = 65536;

let frontier: usize = FIRST_GRAIN;
/** The memory's maximum, in bytes: what JavaScript has created it with. */
let limit: u64 = 65536 * PAGE;
/** Bit k is set when the free list of sizes 2^k … 2^(k+1) - 1 is not empty. */
let occupied: u32 = 0;
/** In use by text and records. */
export let liveGrains: usize = 0;
let freeGrains: usize = 0;
/** First of the runs set aside by `hold`: | next u32 | size u32 | …. */
let held: usize = 0;

export function setLimit(pages: u32): void {
  limit = <u64>pages * PAGE;
}

export function grainsFor(bytes: usize): u32 {
  return <u32>((bytes + (GRAIN - 1)) >> GRAIN_BITS);
}

/** Grains that are free or can still be had by growing. They need not lie together. */
export function room(): usize {
  return freeGrains + <usize>((limit - GUARD - frontier) >> GRAIN_BITS);
}

/**
 * How many grains of `wanted` had better be taken as one run: all of them if some free run is as long, or the memory has room behind
 * the frontier; else as many as a long free run has, since otherwise the memory would have to grow while that stays empty.
 */
export function runFor(wanted: u32): u32 {
  const sizeClass = 31 - clz(occupied);
  if (occupied >> LONG_CLASS == 0 || sizeClass > 31 - clz(wanted) || fitsAbove(<usize>wanted << GRAIN_BITS)) return wanted;
  return min(wanted, sizeOf(headOf(sizeClass)));
}

/** A run of `grains`; its content is undefined. 0 when there is no room and memory cannot grow. */
export function allocate(grains: u32): usize {
  if (held) {
    const run = takeHeld(grains);
    if (run) return run;
  }
  const sizeClass = 31 - clz(grains);
  let run: usize = 0;
  if (occupied & (1 << sizeClass)) {
    const head = headOf(sizeClass);
    if (sizeOf(head) >= grains) run = head;
  }
  if (!run) {
    const larger = occupied & ~((2 << sizeClass) - 1);
    if (!larger) return extend(grains);
    run = headOf(ctz(larger));
  }
  const size = sizeOf(run);
  unlink(run, size);
  if (size > grains) link(run + (<usize>grains << GRAIN_BITS), size - grains);
  liveGrains += grains;
  return run;
}

/**
 * Sets a run of exactly `grains` aside: a later `allocate` of that size takes it and cannot fail. False when there is no
 * room. `releaseHeld` gives back what was not taken.
 */
export function hold(grains: u32): bool {
  const before = held;
  held = 0;
  const run = allocate(grains);
  held = before;
  if (!run) return false;
  store<u32>(run, <u32>held);
  store<u32>(run, grains, 4);
  held = run;
  return true;
}

export function releaseHeld(): void {
  while (held) {
    const run = held;
    held = load<u32>(run);
    release(run, load<u32>(run, 4));
  }
}

/** Gives back `grains` from `run` on; a part of what was allocated as one run may be given back alone. */
export function release(run: usize, grains: u32): void {
  liveGrains -= grains;
  const end = run + (<usize>grains << GRAIN_BITS);
  if (isFreeEnd(run - GRAIN)) {
    const size = load<u32>(run - 4);
    run -= <usize>size << GRAIN_BITS;
    unlink(run, size);
    grains += size;
  }
  if (end == frontier) return lowerFrontier(run);
  if (isFreeEnd(end)) {
    const size = sizeOf(end);
    unlink(end, size);
    grains += size;
  }
  link(run, grains);
}

/** Whether runs of `bytes` in all fit above the frontier without growing, so that none of them needs to be held. */
export function fitsAbove(bytes: usize): bool {
  const begins = frontier & (REGION - 1) ? frontier : frontier + REGION_HEADER;
  const end = begins + bytes;
  return end <= (frontier & ~(REGION - 1)) + REGION && <u64>(end + GUARD) <= <u64>memory.size() * PAGE;
}

function extend(grains: u32): usize {
  const bytes = <usize>grains << GRAIN_BITS;
  let start = frontier;
  const regionEnd = (start + (REGION - 1)) & ~(REGION - 1);
  const nextRegion = start + bytes > regionEnd;
  if (nextRegion) start = regionEnd + REGION_HEADER;
  if (!growTo(<u64>start + bytes)) return 0;
  if (nextRegion) {
    memory.fill(regionEnd, 0, REGION_HEADER);
    if (regionEnd > frontier) link(frontier, <u32>((regionEnd - frontier) >> GRAIN_BITS));
  }
  frontier = start + bytes;
  liveGrains += grains;
  return start;
}

/** Grows by at least a 64th, so that growing stays rare and what is not used yet stays under 2 %. */
function growTo(end: u64): bool {
  const pages = <u64>memory.size();
  const needed = (end + GUARD + (PAGE - 1)) / PAGE;
  if (needed <= pages) return true;
  const most = limit / PAGE;
  if (needed > most) return false;
  const generous = max<u64>(needed, min<u64>(pages + (pages >> 6), most));
  if (memory.grow(<i32>(generous - pages)) >= 0) return true;
  return memory.grow(<i32>(needed - pages)) >= 0;
}

function lowerFrontier(start: usize): void {
  const region = start & ~(REGION - 1);
  if (region > 0 && start == region + REGION_HEADER) {
    start = region;
    if (isFreeEnd(start - GRAIN)) {
      const size = load<u32>(start - 4);
      start -= <usize>size << GRAIN_BITS;
      unlink(start, size);
      frontier = start;
      return lowerFrontier(start);
    }
  }
  frontier = start;
}

function takeHeld(grains: u32): usize {
  let at = changetype<usize>(0);
  let run = held;
  while (run && load<u32>(run, 4) != grains) {
    at = run;
    run = load<u32>(run);
  }
  if (!run) return 0;
  if (at) store<u32>(at, load<u32>(run));
  else held = load<u32>(run);
  return run;
}

function link(run: usize, size: u32): void {
  freeGrains += size;
  const sizeClass = 31 - clz(size);
  const head: usize = occupied & (1 << sizeClass) ? headOf(sizeClass) : 0;
  store<u32>(run, size);
  store<u32>(run, 0, 4);
  store<u32>(run, <u32>head, 8);
  if (head) store<u32>(head, <u32>run, 4);
  const end = run + (<usize>size << GRAIN_BITS);
  store<u32>(end - 4, size);
  store<u32>(HEADS + (<usize>sizeClass << 2), <u32>run);
  occupied |= 1 << sizeClass;
  markFreeEnd(run);
  markFreeEnd(end - GRAIN);
}

function unlink(run: usize, size: u32): void {
  freeGrains -= size;
  const previous = <usize>load<u32>(run, 4);
  const next = <usize>load<u32>(run, 8);
  if (next) store<u32>(next, <u32>previous, 4);
  if (previous) store<u32>(previous, <u32>next, 8);
  else {
    const sizeClass = 31 - clz(size);
    store<u32>(HEADS + (<usize>sizeClass << 2), <u32>next);
    if (!next) occupied &= ~(1 << sizeClass);
  }
  clearFreeEnd(run);
  clearFreeEnd(run + (<usize>size << GRAIN_BITS) - GRAIN);
}

function headOf(sizeClass: u32): usize {
  return load<u32>(HEADS + (<usize>sizeClass << 2));
}

function sizeOf(run: usize): u32 {
  return load<u32>(run);
}

function bitmapByte(grain: usize): usize {
  return (grain & ~(REGION - 1)) + ((grain & (REGION - 1)) >> (GRAIN_BITS + 3));
}

function bitmapBit(grain: usize): u32 {
  return 1 << (<u32>(grain >> GRAIN_BITS) & 7);
}

function isFreeEnd(grain: usize): bool {
  return (load<u8>(bitmapByte(grain)) & bitmapBit(grain)) != 0;
}

function markFreeEnd(grain: usize): void {
  const at = bitmapByte(grain);
  store<u8>(at, load<u8>(at) | bitmapBit(grain));
}

function clearFreeEnd(grain: usize): void {
  const at = bitmapByte(grain);
  store<u8>(at, load<u8>(at) & ~bitmapBit(grain));
}
