import { allocate, release } from "./memory";

/**
 * A node of the tree: 64 bytes.
 *
 *    0 parent | 4 sibling | 8 key | 12 units | 16 characters | 20 wide, held | 24 children | 28 owners
 *   32 ownerMask (u64) | 40 ownerCount | 44 text: up to 20 bytes in place, or the address of its first extent
 */
@unmanaged
export class Node {
  parent: Node | null;
  /** The next child of the parent, while the parent keeps its children as a list. */
  sibling: Node | null;
  /** The first character (code point) of the segment: the parent finds this node by it. */
  key: u32;
  /** Length of the segment in UTF-16 code units. Positions count units, so that JavaScript can slice by them. */
  units: u32;
  /** Length of the segment in characters. */
  characters: u32;
  /** 0: a byte a unit, all of them up to 0xFF. 1: two bytes a unit. */
  wide: u16;
  /** 1: on the path of the insert under way, which needs it although it may have no owner for a while. */
  held: u16;
  /** See edges.ts. */
  children: usize;
  /** See owners.ts. */
  owners: usize;
  /** The bits `slot & 63` of all owners: exact while there are no more than 64 slots, else a filter. */
  ownerMask: u64;
  ownerCount: u32;
  text: usize;
  textRest: u64;
  textEnd: u64;
}

/** A tenant's ownership of a node, and its place in the tenant's recency list: 32 bytes. */
@unmanaged
export class Entry {
  /** When the tenant last touched the node, in seconds. */
  time: f64;
  newer: Entry | null;
  older: Entry | null;
  node: Node;
  tenant: Tenant;
  /** The node's next owner, while the node keeps its owners as a list. */
  next: Entry | null;
  /** The number of the insert call that last touched the node for the tenant. */
  call: u32;
}

/** A tenant: 32 bytes. `queueKey` and `queueIndex` belong to pressure.ts. */
@unmanaged
export class Tenant {
  /** 1 << (slot & 63) */
  bit: u64;
  /** A small number that stands for the tenant in bitmaps; JavaScript assigns it. */
  slot: u32;
  /** The sum of the characters of the nodes it owns. */
  characters: u32;
  /** Its entry at the root: always the first of its recency list. */
  root: Entry;
  /** The last of its recency list; the root's entry when it owns nothing else. */
  oldest: Entry;
  queueKey: u32;
  queueIndex: u32;
}

export const NODE_GRAINS: u32 = 2;
export const ENTRY_GRAINS: u32 = 1;

/** Byte offset of a node's text. */
export const TEXT: usize = offsetof<Node>("text");
/** A text of up to so many bytes is kept inside its node. */
export const INLINE_BYTES: usize = 20;

/** The sum of all tenants' characters. */
let ownedCharacters: u64 = 0;
let liveNodes: u32 = 0;
let liveEntries: u32 = 0;

export function nodeCount(): u32 {
  return liveNodes;
}

export function entryCount(): u32 {
  return liveEntries;
}

export function characterCount(): u64 {
  return ownedCharacters;
}

/** Counts characters that a tenant has come to own, or, negative, has lost. */
export function countCharacters(tenant: Tenant, change: i32): void {
  tenant.characters += change;
  ownedCharacters += <i64>change;
}

/** A node without text, owners and children, or null when there is no room. */
export function newNode(): Node | null {
  const at = allocate(NODE_GRAINS);
  if (!at) return null;
  memory.fill(at, 0, <usize>NODE_GRAINS << 5);
  liveNodes++;
  return changetype<Node>(at);
}

export function freeNode(node: Node): void {
  liveNodes--;
  release(changetype<usize>(node), NODE_GRAINS);
}

export function newEntry(node: Node, tenant: Tenant, time: f64, call: u32): Entry | null {
  const at = allocate(ENTRY_GRAINS);
  return at ? initEntry(at, node, tenant, time, call) : null;
}

export function initEntry(at: usize, node: Node, tenant: Tenant, time: f64, call: u32): Entry {
  const entry = changetype<Entry>(at);
  entry.time = time;
  entry.newer = null;
  entry.older = null;
  entry.node = node;
  entry.tenant = tenant;
  entry.next = null;
  entry.call = call;
  liveEntries++;
  return entry;
}

/** One entry less, whose memory is not the pool's. */
export function forgetEntry(): void {
  liveEntries--;
}

export function freeEntry(entry: Entry): void {
  liveEntries--;
  release(changetype<usize>(entry), ENTRY_GRAINS);
}
