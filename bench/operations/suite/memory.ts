import type { Peer, PeerTree } from "../peers/peer.js";
import { TENANTS } from "./figures.js";

/**
 * Bytes that a tree of the texts keeps alive once the texts themselves have been let go. A tree whose segments are slices
 * of the texts pays for the whole of them: V8 keeps the text that a slice was taken from.
 * @returns null when so few texts make no difference to the heap.
 */
export function memoryOf(peer: Peer, makeTexts: () => string[]): number | null {
  // Once for what the first run leaves behind for good, such as compiled code.
  filled(peer, makeTexts);
  const measured = Array.from({ length: TIMES }, () => bytesOf(peer, makeTexts)).sort((a, b) => a - b);
  const bytes = measured[TIMES >> 1]!;
  return bytes > 0 ? bytes : null;
}

/** The median counts: of a few hundred texts, what else comes and goes in the heap is as much as a third. */
const TIMES = 5;

function bytesOf(peer: Peer, makeTexts: () => string[]): number {
  const before = heapInUse();
  const tree = filled(peer, makeTexts);
  const external = tree.externalBytes?.() ?? 0;
  const bytes = heapInUse() - before + external;
  // Keeps the tree reachable until its heap has been measured.
  tree.clear();
  return bytes;
}

/** The texts must not outlive it, not even in a caller's frame. */
function filled(peer: Peer, makeTexts: () => string[]): PeerTree {
  const tree = peer.create(TENANTS);
  const texts = makeTexts();
  for (let i = 0; i < texts.length; i++) tree.insert(texts[i]!, TENANTS[i % TENANTS.length]!, i);
  return tree;
}

function heapInUse(): number {
  if (globalThis.gc === undefined) throw new Error("memory is measured under node --expose-gc");
  // What a first collection finalizes, the second frees.
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
