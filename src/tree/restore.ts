import { type Eviction, MOST_BYTES, type PrefixTreeOptions } from "./options.js";
import { makeParts, statsOf, type TreeParts } from "./parts.js";
import { readSnapshot } from "./snapshot-read.js";
import { writeSnapshot } from "./snapshot-write.js";

/** How much less of the bound is tried each time that what was left did not fit. */
const SHARE_STEP = 0.02;

/**
 * The parts of a tree from a snapshot. Where the bounds are too small for all of it, the oldest units are left out, and reported.
 * @throws SnapshotError for bytes that are no snapshot; RangeError when there is no room for its tenants alone.
 */
export function restoreParts(bytes: Uint8Array, options: PrefixTreeOptions): TreeParts {
  const parts = restoreWhole(bytes, options);
  if (parts !== null) return parts;
  const evictions: Eviction[] = [];
  const whole = restoreWhole(bytes, { maxBytes: MOST_BYTES, onEvict: (eviction) => evictions.push(eviction) });
  if (whole === null) throw new RangeError("there is no memory for the snapshot");
  const { maxBytes } = makeParts(options);
  for (let share = 1; ; share -= SHARE_STEP) {
    evictDownTo(whole, share * maxBytes, options.maxChars ?? Number.POSITIVE_INFINITY);
    const smaller = restoreWhole(snapshotOf(whole), options);
    if (smaller !== null) {
      smaller.evictions.adopt(evictions);
      smaller.evictions.report();
      return smaller;
    }
    const { entries, tenants } = statsOf(whole);
    if (entries === tenants) throw new RangeError(`maxBytes has no room for the snapshot's ${tenants} tenants`);
  }
}

/** Null when the bounds have no room for all of it. */
function restoreWhole(bytes: Uint8Array, options: PrefixTreeOptions): TreeParts | null {
  const parts = makeParts(options);
  const { core, tenants, descent, namespaces } = parts;
  const fits = readSnapshot(core, descent.crossing, tenants, namespaces, bytes);
  return fits && statsOf(parts).chars <= (options.maxChars ?? Number.POSITIVE_INFINITY) ? parts : null;
}

function evictDownTo(parts: TreeParts, bytes: number, chars: number): void {
  for (let stats = statsOf(parts); stats.storedBytes > bytes || stats.chars > chars; stats = statsOf(parts)) {
    if (!parts.evictions.evictOldest()) break;
  }
  parts.evictions.report();
}

function snapshotOf({ core, descent, tenants, namespaces }: TreeParts): Uint8Array {
  return writeSnapshot(core, descent.crossing, [...tenants], namespaces);
}
