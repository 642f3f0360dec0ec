import { allocate, release } from "./memory";

/**
 * A node of the tree: 64 bytes.
 *
 *    0 parent | 4 sibling | 8 key | 12 units | 16 characters | 20 wide, held | 24 children | 28 ownerCount
 *   32 ownerMask (u64) | 40 owners: four references | 56 text: up to 8 bytes in place, or see text.ts
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
  ownerCount: u32;
  /** The bits `slot & 63` of all owners: exact while there are no more than 64 slots, else a filter. */
  ownerMask: u64;
  /** The first of up to four references to touches, or a table of them: see owners.ts. */
  owners: usize;
  owner1: u32;
  owner2: u32;
  owner3: u32;
  text: usize;
  textRest: u32;
}

/**
 * What one insert call touched for its tenant and no later one has: 32 bytes. Those nodes lie on one path, without a gap, down to
 * `deepest`, since every insert touches its path from the root on; each has the touch among its owners.
 */
@unmanaged
export class Touch {
  /** When, in seconds. */
  time: f64;
  tenant: Tenant;
  /** The touches of the tenant's later and earlier inserts. */
  newer: Touch | null;
  older: Touch | null;
  deepest: Node;
  /** The number of the insert call. */
  call: u32;
  /** How many nodes. */
  count: u32;
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
  /** That of the root alone: always the first of its recency list. */
  root: Touch;
  /** The last of its recency list; the root's when it owns nothing else. */
  oldest: Touch;
  queueKey: u32;
  queueIndex: u32;
}

export const NODE_GRAINS: u32 = 2;
export const TOUCH_GRAINS: u32 = 1;

/** Byte offset of a node's text. */
export const TEXT: usize = offsetof<Node>("text");
/** A text of up to so many bytes is kept inside its node. */
export const INLINE_BYTES: usize = 8;

/** The sum of all tenants' characters. */
let ownedCharacters: u64 = 0;
let liveNodes: u32 = 0;
let ownerships: u32 = 0;

export function nodeCount(): u32 {
  return liveNodes;
}

/** Ownerships of nodes by tenants. */
export function entryCount(): u32 {
  return ownerships;
}

export function countEntries(change: i32): void {
  ownerships += change;
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

/** A touch of nothing yet, in no list. */
export function initTouch(touch: Touch, tenant: Tenant, time: f64, call: u32): void {
  touch.time = time;
  touch.tenant = tenant;
  touch.newer = null;
  touch.older = null;
  touch.call = call;
  touch.count = 0;
}

export function freeTouch(touch: Touch): void {
  if (spare) release(changetype<usize>(touch), TOUCH_GRAINS);
  else spare = changetype<usize>(touch);
}

/** A touch for the next insert that touches something: there even when there is no room, so that its path can be guarded. */
export let spare: usize = allocate(TOUCH_GRAINS);

/** From now on the first touch that is freed is the spare one, which saves giving it back and having another. */
export function takeSpare(): Touch {
  const touch = changetype<Touch>(spare);
  spare = 0;
  return touch;
}

/** To be called when the touch taken is where it belongs. Room must have been reserved. */
export function renewSpare(): void {
  if (!spare) spare = allocate(TOUCH_GRAINS);
}
