import { EDGE_RESERVE, addChild, replaceChild } from "./edges";
import { WINDOW, reserve } from "./memory";
import { addOwner, findOwner, ownerReserve, shareOwners, shareReserve } from "./owners";
import { drop, linkOlder, moveOlder } from "./recency";
import { Entry, Node, Tenant, freeNode, newEntry, newNode } from "./records";
import { appendText, cutReserve, cutText, firstCharacter, freeText, setText } from "./text";
import { characterAt } from "./units";
import { newNamespace } from "./namespaces";
import { absent, begin, charactersBefore, follow, node, offset, pieceAt, reopen, root } from "./walk";

/**
 * An insert walks the text, keeps what the tree does not have in a leaf that is not part of it yet, and at the end, when
 * room for everything else has been reserved, splits, attaches the leaf and touches the path. Until then nothing that
 * others can see has changed, so it can fail.
 */
let leaf: Node | null = null;
/** The number of the last insert call. */
let call: u32 = 0;
/** How many characters of its text the tenant had owned before it. */
let kept: u32 = 0;

export function lastCall(): u32 {
  return call;
}

export function keptCharacters(): u32 {
  return kept;
}

export function beginInsert(): void {
  begin();
  leaf = null;
}

/** Begins where the match just made has ended; `units` are those of its last piece, which the window still holds. */
export function beginInsertAtMatch(units: usize, wide: u32): bool {
  leaf = null;
  reopen();
  return takePiece(pieceAt, WINDOW + (units << wide), wide);
}

/** Takes the next piece of the text, `units` in the window. False when there is no room: the insert has failed. */
export function insertPiece(units: usize, wide: u32): bool {
  return takePiece(WINDOW, WINDOW + (units << wide), wide);
}

function takePiece(from: usize, end: usize, wide: u32): bool {
  const at = leaf === null ? follow(from, end, wide, true) : from;
  if (at == end || keep(at, end, wide)) return true;
  discardLeaf();
  return false;
}

/** Makes the whole text the tenant's. False when there is no room: the insert has failed. */
export function completeInsert(tenant: Tenant, time: f64): bool {
  if (!reserveFor(tenant)) {
    discardLeaf();
    return false;
  }
  call++;
  let deepest = offset < <usize>node.units ? split(node, offset) : node;
  if (leaf !== null) {
    if (absent) deepest = newNamespace();
    const grown = changetype<Node>(leaf);
    addChild(deepest, grown);
    deepest = grown;
    leaf = null;
  }
  touchPath(deepest, tenant, time);
  return true;
}

/**
 * Ends the tenant's ownership of those nodes of the text just walked that begin after its first `before` characters and
 * that insert call `made` was the last to touch. Returns the characters given up. A namespace's root, which is as deep as
 * what was there before, goes only when nothing is below it.
 */
export function revoke(tenant: Tenant, made: u32, before: u32): u32 {
  let above = charactersBefore();
  let each = node;
  if (offset < <usize>each.units) {
    each = changetype<Node>(each.parent);
    above -= each.characters;
  }
  let removed: u32 = 0;
  while (each !== root && above >= before) {
    const parent = changetype<Node>(each.parent);
    const entry = findOwner(each, tenant);
    if (entry !== null) {
      if (entry.call != made || (!each.units && each.children)) break;
      removed += drop(entry);
    }
    each = parent;
    above -= parent.characters;
  }
  return removed;
}

function keep(at: usize, end: usize, wide: u32): bool {
  const units = (end - at) >> wide;
  if (leaf !== null) return appendText(changetype<Node>(leaf), at, units, wide);
  const created = newNode();
  if (created === null) return false;
  created.key = characterAt(at, end, wide);
  if (!setText(created, at, units, wide)) {
    freeNode(created);
    return false;
  }
  leaf = created;
  return true;
}

function discardLeaf(): void {
  if (leaf === null) return;
  const discarded = changetype<Node>(leaf);
  freeText(discarded);
  freeNode(discarded);
  leaf = null;
}

function reserveFor(tenant: Tenant): bool {
  let bytes: usize = 0;
  let longest: usize = 64;
  let owned: Node = node;
  if (leaf !== null) bytes = EDGE_RESERVE + 32;
  if (absent) bytes += EDGE_RESERVE + 64 + 32;
  if (offset < <usize>node.units) {
    const table = ownerReserve(node);
    const text = cutReserve(node);
    bytes += 64 + 32 + shareReserve(node) + table + text;
    longest = max(longest, max(table, text));
    owned = changetype<Node>(node.parent);
  }
  while (findOwner(owned, tenant) === null) {
    const table = ownerReserve(owned);
    bytes += 32 + table;
    longest = max(longest, table);
    owned = changetype<Node>(owned.parent);
  }
  return bytes == 0 || reserve(bytes, longest);
}

/** Puts a new node with the first `units` of `lower`'s text above it. `lower` stays what it was for all who own it. */
function split(lower: Node, units: usize): Node {
  const upper = changetype<Node>(newNode());
  upper.key = lower.key;
  cutText(lower, upper, units);
  replaceChild(changetype<Node>(lower.parent), lower, upper);
  lower.key = firstCharacter(lower);
  lower.sibling = null;
  lower.parent = upper;
  upper.children = changetype<usize>(lower);
  shareOwners(lower, upper);
  return upper;
}

/**
 * Goes from the deepest node up to the root and puts each behind the one below it, which leaves the same list as
 * touching them downwards, one after the other, at the newest place.
 */
function touchPath(deepest: Node, tenant: Tenant, time: f64): void {
  let newer = tenant.root;
  let each = deepest;
  let added: u32 = 0;
  let owned = findOwner(each, tenant);
  while (owned === null) {
    const entry = changetype<Entry>(newEntry(each, tenant, time, call));
    addOwner(each, entry);
    linkOlder(entry, newer);
    newer = entry;
    added += each.characters;
    each = changetype<Node>(each.parent);
    owned = findOwner(each, tenant);
  }
  tenant.characters += added;
  kept = 0;
  while (each !== root) {
    const entry = changetype<Entry>(owned);
    entry.time = time;
    entry.call = call;
    moveOlder(entry, newer);
    newer = entry;
    kept += each.characters;
    each = changetype<Node>(each.parent);
    owned = findOwner(each, tenant);
  }
  tenant.root.time = time;
}
