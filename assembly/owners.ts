import { allocate, grainsFor, release } from "./memory";
import { linkNewer, unlink } from "./recency";
import { Entry, Node, Tenant, freeEntry, newEntry } from "./records";

/**
 * Which tenants own a node. `owners` is the first of up to four entries in a list, or 1 + the address of a table:
 *
 *   | words u32 | capacity u32 | bitmap: a bit a slot, `words` × u64 | entries: `capacity` × u32, in order of their slots |
 */
const MOST_LISTED: u32 = 4;
const FEWEST_TABLED: u32 = 2;
const HEADER: usize = 8;
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

export function findOwner(node: Node, tenant: Tenant): Entry | null {
  if (!(node.ownerMask & tenant.bit)) return null;
  const owners = node.owners;
  if (!(owners & 1)) {
    let entry = changetype<Entry | null>(owners);
    while (entry !== null && entry.tenant !== tenant) entry = entry.next;
    return entry;
  }
  const table = owners ^ 1;
  if (!hasBit(table, tenant.slot)) return null;
  return changetype<Entry>(<usize>load<u32>(entriesOf(table) + (rankOf(table, tenant.slot) << 2)));
}

/** Adds an owner that the node does not have yet. Room must have been reserved. */
export function addOwner(node: Node, entry: Entry): void {
  if (!(node.owners & 1)) {
    if (node.ownerCount < MOST_LISTED) {
      entry.next = changetype<Entry | null>(node.owners);
      node.owners = changetype<usize>(entry);
    } else {
      const listed = node.owners;
      const table = newTable(MOST_LISTED << 1);
      node.owners = table | 1;
      node.ownerCount = 0;
      let each = changetype<Entry | null>(listed);
      while (each !== null) {
        const next = each.next;
        place(table, node.ownerCount++, each);
        each = next;
      }
      place(table, node.ownerCount, entry);
    }
  } else {
    let table = node.owners ^ 1;
    if (node.ownerCount == capacityOf(table) || wordsOf(table) != slotWords) table = enlarge(node, table);
    place(table, node.ownerCount, entry);
  }
  node.ownerCount++;
  node.ownerMask |= entry.tenant.bit;
}

export function removeOwner(node: Node, entry: Entry): void {
  const tenant = entry.tenant;
  node.ownerCount--;
  if (node.owners & 1) {
    takeFromTable(node, node.owners ^ 1, tenant);
    return;
  }
  let at = changetype<usize>(node) + offsetof<Node>("owners");
  while (<usize>load<u32>(at) != changetype<usize>(entry)) at = <usize>load<u32>(at) + offsetof<Entry>("next");
  store<u32>(at, <u32>changetype<usize>(entry.next));
  if (slotWords == 1) {
    node.ownerMask ^= tenant.bit;
    return;
  }
  let mask: u64 = 0;
  let each = changetype<Entry | null>(node.owners);
  while (each !== null) {
    mask |= each.tenant.bit;
    each = each.next;
  }
  node.ownerMask = mask;
}

/** Grains of the table that `addOwner` will allocate for this node; 0 when it needs none. */
export function ownerGrains(node: Node): u32 {
  const count = node.ownerCount;
  if (!(node.owners & 1)) return count < MOST_LISTED ? 0 : tableGrains(slotWords, MOST_LISTED << 1);
  const table = node.owners ^ 1;
  return count < capacityOf(table) && wordsOf(table) == slotWords ? 0 : tableGrains(slotWords, roomier(count));
}

/** Grains of the table that `shareOwners` will allocate for this node; 0 when it needs none. */
export function sharedGrains(node: Node): u32 {
  return node.owners & 1 ? tableGrains(slotWords, node.ownerCount + 1) : 0;
}

/**
 * Gives `upper`, new and without owners, every owner of `lower` with the same time and call, and puts each new entry
 * just on the newer side of the old one, leaving place for one owner more. Room must have been reserved.
 */
export function shareOwners(lower: Node, upper: Node): void {
  const count = lower.ownerCount;
  upper.ownerCount = count;
  upper.ownerMask = lower.ownerMask;
  if (lower.owners & 1) {
    const from = lower.owners ^ 1;
    const table = newTable(count + 1);
    memory.copy(table + HEADER, from + HEADER, <usize>wordsOf(from) << 3);
    upper.owners = table | 1;
    const entries = entriesOf(table);
    const fromEntries = entriesOf(from);
    for (let at: usize = 0; at < <usize>count << 2; at += 4) {
      const entry = copyEntry(changetype<Entry>(<usize>load<u32>(fromEntries + at)), upper);
      store<u32>(entries + at, <u32>changetype<usize>(entry));
    }
    return;
  }
  let each = changetype<Entry | null>(lower.owners);
  while (each !== null) {
    const entry = copyEntry(each, upper);
    entry.next = changetype<Entry | null>(upper.owners);
    upper.owners = changetype<usize>(entry);
    each = each.next;
  }
}

/** Whether a slot of `bitmap` (of `bitmapWords()` words) owns the node; `mask` is the bitmap's words, or-ed together. */
export function anyOwnerIn(node: Node, bitmap: usize, mask: u64): bool {
  if (!(node.ownerMask & mask)) return false;
  if (slotWords == 1) return true;
  if (!(node.owners & 1)) {
    let each = changetype<Entry | null>(node.owners);
    while (each !== null) {
      const slot = each.tenant.slot;
      if (load<u64>(bitmap + ((<usize>slot >> 6) << 3)) & (<u64>1 << (slot & 63))) return true;
      each = each.next;
    }
    return false;
  }
  const table = node.owners ^ 1;
  const end = <usize>wordsOf(table) << 3;
  for (let at: usize = 0; at < end; at += 8) {
    if (load<u64>(table + HEADER + at) & load<u64>(bitmap + at)) return true;
  }
  return false;
}

/**
 * Sets `values[slot]` to `value` for every owner whose bit is in the bitmap `open`, and clears those bits.
 * Returns whether any bit is left in `open`.
 */
export function takeOwners(node: Node, open: usize, values: usize, value: u32): bool {
  if (slotWords > 1 && !(node.owners & 1)) {
    let each = changetype<Entry | null>(node.owners);
    while (each !== null) {
      const slot = <usize>each.tenant.slot;
      const word = open + ((slot >> 6) << 3);
      const bit = <u64>1 << (slot & 63);
      if (load<u64>(word) & bit) {
        store<u64>(word, load<u64>(word) ^ bit);
        store<u32>(values + (slot << 2), value);
      }
      each = each.next;
    }
  } else {
    const table = node.owners ^ 1;
    const words: u32 = slotWords == 1 ? 1 : wordsOf(table);
    for (let word: u32 = 0; word < words; word++) {
      const at = open + (<usize>word << 3);
      const owners = slotWords == 1 ? node.ownerMask : load<u64>(wordAt(table, word << 6));
      let taken = load<u64>(at) & owners;
      if (!taken) continue;
      store<u64>(at, load<u64>(at) ^ taken);
      for (; taken; taken &= taken - 1) {
        store<u32>(values + (((<usize>word << 6) + <usize>ctz(taken)) << 2), value);
      }
    }
  }
  for (let word: usize = 0; word < <usize>slotWords; word++) {
    if (load<u64>(open + (word << 3))) return true;
  }
  return false;
}

/** Writes the slots of all owners to a bitmap of `bitmapWords()` words. */
export function writeOwners(node: Node, bitmap: usize): void {
  memory.fill(bitmap, 0, <usize>slotWords << 3);
  if (node.owners & 1) {
    const table = node.owners ^ 1;
    memory.copy(bitmap, table + HEADER, <usize>wordsOf(table) << 3);
    return;
  }
  let each = changetype<Entry | null>(node.owners);
  while (each !== null) {
    const slot = each.tenant.slot;
    const at = bitmap + ((<usize>slot >> 6) << 3);
    store<u64>(at, load<u64>(at) | (<u64>1 << (slot & 63)));
    each = each.next;
  }
}

/** Whether this is the entry of the owner with the smallest slot. */
export function isFirstOwner(entry: Entry): bool {
  const owners = entry.node.owners;
  if (owners & 1) return load<u32>(entriesOf(owners ^ 1)) == <u32>changetype<usize>(entry);
  const slot = entry.tenant.slot;
  let each = changetype<Entry | null>(owners);
  while (each !== null && each.tenant.slot >= slot) each = each.next;
  return each === null;
}

/** Whether both have the same owners, each with the same time and call, and with the two next to each other in its recency list. */
export function ownedAlike(upper: Node, lower: Node): bool {
  const count = upper.ownerCount;
  if (count != lower.ownerCount || upper.ownerMask != lower.ownerMask) return false;
  if (upper.owners & lower.owners & 1) {
    const uppers = entriesOf(upper.owners ^ 1);
    const lowers = entriesOf(lower.owners ^ 1);
    for (let at: usize = 0; at < <usize>count << 2; at += 4) {
      if (!areAlike(entryAt(uppers + at), entryAt(lowers + at))) return false;
    }
    return true;
  }
  const listed = upper.owners & 1 ? lower : upper;
  const other = listed === upper ? lower : upper;
  let each = changetype<Entry | null>(listed.owners);
  while (each !== null) {
    const match = findOwner(other, each.tenant);
    if (match === null || !areAlike(each, match)) return false;
    each = each.next;
  }
  return true;
}

/** Frees all of a node's entries, as if it had never been in any recency list. The tenants' counts stay. */
export function freeOwners(node: Node): void {
  if (node.owners & 1) {
    const table = node.owners ^ 1;
    const entries = entriesOf(table);
    for (let at: usize = 0; at < <usize>node.ownerCount << 2; at += 4) leave(entryAt(entries + at));
    freeTable(table);
    return;
  }
  let each = changetype<Entry | null>(node.owners);
  while (each !== null) {
    const next = each.next;
    leave(each);
    each = next;
  }
}

/** Neighbours in a list have the same tenant. */
function areAlike(a: Entry, b: Entry): bool {
  return (a.older === b || b.older === a) && a.call == b.call && a.time == b.time;
}

function leave(entry: Entry): void {
  unlink(entry);
  freeEntry(entry);
}

function entryAt(at: usize): Entry {
  return changetype<Entry>(<usize>load<u32>(at));
}

function copyEntry(entry: Entry, node: Node): Entry {
  const copy = changetype<Entry>(newEntry(node, entry.tenant, entry.time, entry.call));
  linkNewer(copy, entry);
  return copy;
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
  memory.copy(entriesOf(larger), entriesOf(table), <usize>count << 2);
  freeTable(table);
  node.owners = larger | 1;
  return larger;
}

function place(table: usize, count: u32, entry: Entry): void {
  const slot = entry.tenant.slot;
  entry.next = null;
  const rank = rankOf(table, slot);
  const at = entriesOf(table) + (rank << 2);
  memory.copy(at + 4, at, (<usize>count - rank) << 2);
  store<u32>(at, <u32>changetype<usize>(entry));
  const word = wordAt(table, slot);
  store<u64>(word, load<u64>(word) | (<u64>1 << (slot & 63)));
}

function takeFromTable(node: Node, table: usize, tenant: Tenant): void {
  const slot = tenant.slot;
  const count = <usize>node.ownerCount;
  const rank = rankOf(table, slot);
  const entries = entriesOf(table);
  memory.copy(entries + (rank << 2), entries + ((rank + 1) << 2), (count - rank) << 2);
  const word = wordAt(table, slot);
  store<u64>(word, load<u64>(word) & ~(<u64>1 << (slot & 63)));
  let mask: u64 = 0;
  if (count > FEWEST_TABLED) {
    const end = table + HEADER + (<usize>wordsOf(table) << 3);
    for (let each = table + HEADER; each < end; each += 8) mask |= load<u64>(each);
    node.ownerMask = mask;
    return;
  }
  let list: Entry | null = null;
  for (let at = entries; at < entries + (count << 2); at += 4) {
    const entry = changetype<Entry>(<usize>load<u32>(at));
    entry.next = list;
    list = entry;
    mask |= entry.tenant.bit;
  }
  node.ownerMask = mask;
  node.owners = changetype<usize>(list);
  freeTable(table);
}

function freeTable(table: usize): void {
  release(table, tableGrains(wordsOf(table), capacityOf(table)));
}

function tableGrains(words: u32, capacity: u32): u32 {
  return grainsFor(HEADER + (<usize>words << 3) + (<usize>capacity << 2));
}

function wordsOf(table: usize): u32 {
  return load<u32>(table);
}

function capacityOf(table: usize): u32 {
  return load<u32>(table, 4);
}

function entriesOf(table: usize): usize {
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
