import { allocate, grainsFor, release } from "./memory";
import { Node, Tenant, Touch, countEntries } from "./records";

/**
 * Which tenants own a node, and by which touch. A reference is the address of a touch, with a mark in its lowest bit (see recency.ts).
 * Up to four lie in the node, in the order of their tenants' slots. More are in a table, whose address, with TABLED, is then the first:
 *
 *   | words u32 | capacity u32 | bitmap: a bit a slot, `words` × u64 | references: `capacity` × u32, in order of their slots |
 */
const MOST_LISTED: u32 = 4;
const FEWEST_TABLED: u32 = 2;
const TABLED: usize = 2;
const HEADER: usize = 8;
const OWNERS: usize = offsetof<Node>("owners");
/** So that the largest table, half as large again as it need be, stays within a run of memory.ts. */
export const MOST_TENANTS: u32 = 100000;

/** Slots in use are below 64 times this. */
let slotWords: u32 = 1;

export function bitmapWords(): u32 {
  return slotWords;
}

export function setBitmapWords(words: u32): void {
  slotWords = words;
}

export function touchOf(reference: u32): Touch {
  return changetype<Touch>(<usize>(reference & ~1));
}

/** Where the node keeps the tenant's reference, or 0 when it does not own the node. */
export function findOwner(node: Node, tenant: Tenant): usize {
  const mask = node.ownerMask;
  if (!(mask & tenant.bit)) return 0;
  if (!isTabled(node)) {
    let at = changetype<usize>(node) + OWNERS;
    if (slotWords == 1) return at + (<usize>popcnt(mask & (tenant.bit - 1)) << 2);
    for (const end = at + (<usize>node.ownerCount << 2); at < end; at += 4) {
      if (touchOf(load<u32>(at)).tenant === tenant) return at;
    }
    return 0;
  }
  const table = tableOf(node);
  return hasBit(table, tenant.slot) ? referencesOf(table) + (rankOf(table, tenant.slot) << 2) : 0;
}

/** The same of a node that it owns, nearly always without a call. */
// @ts-ignore: decorator
@inline
export function ownersPlace(node: Node, tenant: Tenant): usize {
  if (isTabled(node) || slotWords != 1) return findOwner(node, tenant);
  return changetype<usize>(node) + OWNERS + (<usize>popcnt(node.ownerMask & (tenant.bit - 1)) << 2);
}

/** Adds an owner that the node does not have yet. Room must have been reserved. */
export function addOwner(node: Node, touch: Touch): void {
  const tenant = touch.tenant;
  const count = node.ownerCount;
  if (!isTabled(node)) {
    if (count < MOST_LISTED) {
      let at = changetype<usize>(node) + OWNERS;
      const end = at + (<usize>count << 2);
      while (at < end && touchOf(load<u32>(at)).tenant.slot < tenant.slot) at += 4;
      memory.copy(at + 4, at, end - at);
      store<u32>(at, <u32>changetype<usize>(touch));
    } else {
      const table = newTable(MOST_LISTED << 1);
      const from = changetype<usize>(node) + OWNERS;
      for (let each: u32 = 0; each < count; each++) place(table, each, load<u32>(from + (<usize>each << 2)));
      place(table, count, <u32>changetype<usize>(touch));
      node.owners = table | TABLED;
    }
  } else {
    let table = tableOf(node);
    if (count == capacityOf(table) || wordsOf(table) != slotWords) table = enlarge(node, table);
    place(table, count, <u32>changetype<usize>(touch));
  }
  node.ownerCount = count + 1;
  node.ownerMask |= tenant.bit;
  countEntries(1);
}

/** @param at where the node keeps the reference. */
export function removeOwner(node: Node, tenant: Tenant, at: usize): void {
  const count = --node.ownerCount;
  countEntries(-1);
  if (isTabled(node)) return takeFromTable(node, tableOf(node), tenant.slot, at);
  const end = changetype<usize>(node) + OWNERS + (<usize>count << 2);
  memory.copy(at, at + 4, end - at);
  node.ownerMask = slotWords == 1 ? node.ownerMask ^ tenant.bit : maskOfListed(node);
}

/** Grains of the table that `addOwner` will allocate for this node; 0 when it needs none. */
export function ownerGrains(node: Node): u32 {
  const count = node.ownerCount;
  if (!isTabled(node)) return count < MOST_LISTED ? 0 : tableGrains(slotWords, MOST_LISTED << 1);
  const table = tableOf(node);
  return count < capacityOf(table) && wordsOf(table) == slotWords ? 0 : tableGrains(slotWords, roomier(count));
}

/** Grains of the table that `shareOwners` will allocate for this node; 0 when it needs none. */
export function sharedGrains(node: Node): u32 {
  return isTabled(node) ? tableGrains(slotWords, node.ownerCount + 1) : 0;
}

export function isTabled(node: Node): bool {
  return (node.owners & TABLED) != 0;
}

/**
 * Gives `upper`, new and without owners, every owner of `lower` by the same touch, each reference marked, leaving place for one
 * owner more. Room must have been reserved.
 */
export function shareOwners(lower: Node, upper: Node): void {
  const count = lower.ownerCount;
  let from = changetype<usize>(lower) + OWNERS;
  let to = changetype<usize>(upper) + OWNERS;
  if (isTabled(lower)) {
    const shared = tableOf(lower);
    const table = newTable(count + 1);
    memory.copy(table + HEADER, shared + HEADER, <usize>wordsOf(shared) << 3);
    upper.owners = table | TABLED;
    from = referencesOf(shared);
    to = referencesOf(table);
  }
  for (const end = from + (<usize>count << 2); from < end; from += 4, to += 4) {
    const reference = load<u32>(from);
    touchOf(reference).count++;
    store<u32>(to, reference | 1);
  }
  upper.ownerCount = count;
  upper.ownerMask = lower.ownerMask;
  countEntries(count);
}

/** Whether a slot of `bitmap` (of `bitmapWords()` words) owns the node; `mask` is the bitmap's words, or-ed together. */
export function anyOwnerIn(node: Node, bitmap: usize, mask: u64): bool {
  if (!(node.ownerMask & mask)) return false;
  if (slotWords == 1) return true;
  if (!isTabled(node)) {
    let at = changetype<usize>(node) + OWNERS;
    for (const end = at + (<usize>node.ownerCount << 2); at < end; at += 4) {
      const slot = touchOf(load<u32>(at)).tenant.slot;
      if (load<u64>(bitmap + ((<usize>slot >> 6) << 3)) & (<u64>1 << (slot & 63))) return true;
    }
    return false;
  }
  const table = tableOf(node);
  const end = <usize>wordsOf(table) << 3;
  for (let at: usize = 0; at < end; at += 8) {
    if (load<u64>(table + HEADER + at) & load<u64>(bitmap + at)) return true;
  }
  return false;
}

/**
 * Sets `values[slot]` to `value` for every owner whose bit is in the bitmap `open`, and clears those bits. `owners` is a bitmap to work in.
 * Returns whether any bit is left in `open`.
 */
export function takeOwners(node: Node, open: usize, owners: usize, values: usize, value: u32): bool {
  writeOwners(node, owners);
  let left: u64 = 0;
  for (let word: usize = 0; word < <usize>slotWords; word++, open += 8, owners += 8, values += 256) {
    const wanted = load<u64>(open);
    let taken = wanted & load<u64>(owners);
    store<u64>(open, wanted ^ taken);
    left |= wanted ^ taken;
    for (; taken; taken &= taken - 1) store<u32>(values + (<usize>ctz(taken) << 2), value);
  }
  return left != 0;
}

/** Writes the slots of all owners to a bitmap of `bitmapWords()` words. */
export function writeOwners(node: Node, bitmap: usize): void {
  if (slotWords == 1) {
    store<u64>(bitmap, node.ownerMask);
    return;
  }
  memory.fill(bitmap, 0, <usize>slotWords << 3);
  if (isTabled(node)) {
    const table = tableOf(node);
    memory.copy(bitmap, table + HEADER, <usize>wordsOf(table) << 3);
    return;
  }
  let at = changetype<usize>(node) + OWNERS;
  for (const end = at + (<usize>node.ownerCount << 2); at < end; at += 4) {
    const slot = touchOf(load<u32>(at)).tenant.slot;
    const word = bitmap + ((<usize>slot >> 6) << 3);
    store<u64>(word, load<u64>(word) | (<u64>1 << (slot & 63)));
  }
}

/** Address of the first of a node's `ownerCount` references. */
export function references(node: Node): usize {
  return isTabled(node) ? referencesOf(tableOf(node)) : changetype<usize>(node) + OWNERS;
}

/** Frees the table of a node that is about to be freed, whatever it holds. */
export function freeOwners(node: Node): void {
  if (isTabled(node)) freeTable(tableOf(node));
  countEntries(-(<i32>node.ownerCount));
}

/** The table takes all of its last grain. */
function newTable(capacity: u32): usize {
  const grains = tableGrains(slotWords, capacity);
  const table = allocate(grains);
  const words = <usize>slotWords << 3;
  store<u32>(table, slotWords);
  store<u32>(table, <u32>(((<usize>grains << 5) - HEADER - words) >> 2), 4);
  memory.fill(table + HEADER, 0, words);
  return table;
}

function roomier(count: u32): u32 {
  return count + (count >> 1) + MOST_LISTED;
}

function enlarge(node: Node, table: usize): usize {
  const count = node.ownerCount;
  const larger = newTable(roomier(count));
  memory.copy(larger + HEADER, table + HEADER, <usize>wordsOf(table) << 3);
  memory.copy(referencesOf(larger), referencesOf(table), <usize>count << 2);
  freeTable(table);
  node.owners = larger | TABLED;
  return larger;
}

function place(table: usize, count: u32, reference: u32): void {
  const slot = touchOf(reference).tenant.slot;
  const rank = rankOf(table, slot);
  const at = referencesOf(table) + (rank << 2);
  memory.copy(at + 4, at, (<usize>count - rank) << 2);
  store<u32>(at, reference);
  const word = wordAt(table, slot);
  store<u64>(word, load<u64>(word) | (<u64>1 << (slot & 63)));
}

function takeFromTable(node: Node, table: usize, slot: u32, at: usize): void {
  const count = <usize>node.ownerCount;
  const from = referencesOf(table);
  memory.copy(at, at + 4, from + (count << 2) - at);
  const word = wordAt(table, slot);
  store<u64>(word, load<u64>(word) & ~(<u64>1 << (slot & 63)));
  if (count > FEWEST_TABLED) {
    let mask: u64 = 0;
    const end = table + HEADER + (<usize>wordsOf(table) << 3);
    for (let each = table + HEADER; each < end; each += 8) mask |= load<u64>(each);
    node.ownerMask = mask;
    return;
  }
  memory.copy(changetype<usize>(node) + OWNERS, from, count << 2);
  freeTable(table);
  node.ownerMask = maskOfListed(node);
}

function maskOfListed(node: Node): u64 {
  let mask: u64 = 0;
  let at = changetype<usize>(node) + OWNERS;
  for (const end = at + (<usize>node.ownerCount << 2); at < end; at += 4) mask |= touchOf(load<u32>(at)).tenant.bit;
  return mask;
}

function freeTable(table: usize): void {
  release(table, tableGrains(wordsOf(table), capacityOf(table)));
}

function tableGrains(words: u32, capacity: u32): u32 {
  return grainsFor(HEADER + (<usize>words << 3) + (<usize>capacity << 2));
}

function tableOf(node: Node): usize {
  return node.owners ^ TABLED;
}

function wordsOf(table: usize): u32 {
  return load<u32>(table);
}

function capacityOf(table: usize): u32 {
  return load<u32>(table, 4);
}

function referencesOf(table: usize): usize {
  return table + HEADER + (<usize>wordsOf(table) << 3);
}

function wordAt(table: usize, slot: u32): usize {
  return table + HEADER + ((<usize>slot >> 6) << 3);
}

function hasBit(table: usize, slot: u32): bool {
  return slot >> 6 < wordsOf(table) && (load<u64>(wordAt(table, slot)) & (<u64>1 << (slot & 63))) != 0;
}

/** How many owners have a smaller slot. */
function rankOf(table: usize, slot: u32): usize {
  const word = wordAt(table, slot);
  let rank = popcnt(load<u64>(word) & ((<u64>1 << (slot & 63)) - 1));
  for (let each = table + HEADER; each < word; each += 8) rank += popcnt(load<u64>(each));
  return <usize>rank;
}
