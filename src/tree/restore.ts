import { mergeInto } from "./merge.js";
import { type Eviction, MOST_BYTES, type PrefixTreeOptions } from "./options.js";
import { makeParts, statsOf, type TreeParts } from "./parts.js";
import { parseSnapshot } from "./snapshot-parse.js";
import { restoreSnapshot } from "./snapshot-read.js";
import { writeSnapshot } from "./snapshot-write.js";

/** How much less of the bound is tried each time that what was left did not fit. */
const SHARE_STEP = 0.02;
const UNBOUNDED = { maxBytes: MOST_BYTES, maxChars: Number.MAX_SAFE_INTEGER };

/**
 * The parts of a tree from a snapshot. Where the bounds are too small for all of it, the oldest units are left out; that is noted, and
 * not reported yet.
 * @throws SnapshotError for bytes that are no snapshot; RangeError when there is no room for its tenants alone.
 */
export function restoreParts(bytes: Uint8Array, options: PrefixTreeOptions, module?: WebAssembly.Module): TreeParts {
  const parts = restoreWhole(bytes, options, module);
  if (parts !== null) return parts;
  const evictions: Eviction[] = [];
  const onEvict = (eviction: Eviction): unknown => evictions.push(eviction);
  const whole = restoreWhole(bytes, { ...options, ...UNBOUNDED, onEvict }, module);
  if (whole === null) throw new RangeError("there is no memory for the snapshot");
  const { maxBytes } = makeParts(options);
  for (let share = 1; ; share -= SHARE_STEP) {
    evictDownTo(whole, share * maxBytes, options.maxChars ?? Number.POSITIVE_INFINITY);
    const smaller = restoreWhole(snapshotOf(whole), options, module);
    if (smaller !== null) {
      smaller.evictions.adopt(evictions);
      return smaller;
    }
    const { entries, tenants } = statsOf(whole);
    if (entries === tenants) throw new RangeError(`maxBytes has no room for the snapshot's ${tenants} tenants`);
  }
}

/**
 * The parts of a tree that has all that both snapshots have (merge.ts), within bounds as `restoreParts` keeps them.
 * @throws the same, for `theirs`.
 */
export function mergeParts(
  ours: Uint8Array,
  theirs: Uint8Array,
  options: PrefixTreeOptions,
  module?: WebAssembly.Module,
): TreeParts {
  // Only what could be restored is whole.
  if (restoreWhole(theirs, UNBOUNDED, module) === null) throw new RangeError("there is no memory for the snapshot");
  const parts = makeParts(UNBOUNDED, module);
  if (!mergeInto(parts, parseSnapshot(parts.core, ours), parseSnapshot(parts.core, theirs))) {
    throw new RangeError("there is no memory for both trees");
  }
  return restoreParts(snapshotOf(parts), options, module);
}

export function snapshotOf({ core, descent, tenants, namespaces, expiry }: TreeParts): Uint8Array<ArrayBuffer> {
  return writeSnapshot(core, descent.crossing, [...tenants], namespaces, expiry?.latestS ?? Number.NEGATIVE_INFINITY);
}

/** Null when the bounds have no room for all of it. */
function restoreWhole(bytes: Uint8Array, options: PrefixTreeOptions, module?: WebAssembly.Module): TreeParts | null {
  const parts = makeParts(options, module);
  const fits = restoreSnapshot(parts, parseSnapshot(parts.core, bytes));
  return fits && statsOf(parts).chars <= (options.maxChars ?? Number.POSITIVE_INFINITY) ? parts : null;
}

function evictDownTo(parts: TreeParts, bytes: number, chars: number): void {
  for (let stats = statsOf(parts); stats.storedBytes > bytes || stats.chars > chars; stats = statsOf(parts)) {
    if (!parts.evictions.evictOldest()) break;
  }
  parts.evictions.report();
}
