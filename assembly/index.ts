import { addToSum, beginSum, endSum } from "./checksum";
import { RESULTS, WINDOW, WINDOW_BYTES, liveGrains, room, setLimit } from "./memory";
import { heldGrains, usedBytes } from "./extents";
import { bitmapWords } from "./owners";
import { beginGraft, beginInsert, beginInsertAtMatch, makeRoom, placed, retry, setMostCharacters, shorten, takePiece, wentAlong } from "./insertion";
import { joinNodesOf } from "./compaction";
import { revoke } from "./path";
import { evictUnit, oldestTenant, setCall } from "./pressure";
import { attachNamespace, finish, own } from "./restoration";
import { beginListing, listRows } from "./listing";
import { evictRuns } from "./recency";
import { Node, Tenant, entryCount, nodeCount } from "./records";
import { newTenant, removeTenant } from "./tenants";
import { copyText, isLatin1 } from "./text";
import { begin, canBegin, candidates, foldCandidates, follow, matchedUnits, namespaceRoot, report, reportEach, root, selectNamespace, stopped } from "./walk";

/**
 * The border. Numbers cross it, and texts through the window (memory.ts): `units` UTF-16 code units, a byte each or, with
 * WIDE, two. A text comes in pieces, the first marked FIRST and the last LAST, none ending inside a surrogate pair.
 * Tenants, entries and nodes are named by their addresses; 0 is none.
 */
const WIDE: u32 = 1;
const FIRST: u32 = 2;
const LAST: u32 = 4;
/** The candidates of a match are all tenants; otherwise those of the bitmap at `bitmaps()`. */
const EVERYONE: u32 = 8;
/** An insert begins where the match just made has ended; `units` and `form` are those of the match's last piece, which the window still holds. */
const MATCHED: u32 = 16;

/** Length of the bitmaps below, in 64-bit words: bit `slot & 63` of word `slot >> 6`. Changes with `add_tenant` only. */
export function bitmap_words(): u32 {
  return bitmapWords();
}

/**
 * Three bitmaps, one after the other, and a u32 a slot: the candidates, which JavaScript writes; where there are more than 64 slots the
 * owners of the deepest node that the last match reached; one of the core's own; and what `match_each` finds.
 */
export function bitmaps(): usize {
  return candidates();
}

/** To be called when the candidates' bitmap has been written. */
export function set_candidates(): void {
  foldCandidates();
}

/**
 * Matches and inserts from now on are those of this namespace. 0 is the tree's own; the others are numbered below 2^24. Returns its root, or
 * 0 when nothing is in it.
 */
export function select_namespace(number: u32): usize {
  selectNamespace(number);
  return changetype<usize>(namespaceRoot());
}

/**
 * The new tenant, or 0 when there is no room. `slot`: the smallest number that no tenant has. `chunk`: the tenant of the
 * first slot with the same `slot >> 6`, be it removed, or 0 when there has been none.
 */
export function add_tenant(slot: u32, chunk: usize, time: f64): usize {
  return changetype<usize>(newTenant(slot, chunk, time));
}

export function remove_tenant(tenant: Tenant): u32 {
  return removeTenant(tenant);
}

export function characters(tenant: Tenant): u32 {
  return tenant.characters;
}

/**
 * 1: the piece has been taken, and with the last one the insert is complete. 0: there is no room; then `insert_make_room` and
 * `insert_retry`, with less of the text when that has found nothing, until the answer is another. 2: the insert is
 * complete with a shorter text, and no further piece is to be given.
 */
export function insert(units: u32, form: u32, tenant: Tenant, time: f64): u32 {
  let from = WINDOW;
  if (form & FIRST) beginInsert();
  if (form & MATCHED) from = beginInsertAtMatch();
  const wide = form & WIDE;
  return takePiece(from, WINDOW + (<usize>units << wide), wide, (form & LAST) != 0, tenant, time);
}

/** @param shorter with less of the text than there is. */
export function insert_retry(shorter: bool): u32 {
  return shorter ? shorten() : retry();
}

/** Evicts what one earlier insert touched and nobody since, the oldest of all. Whose it was, or 0 when none is left. */
export function insert_make_room(): usize {
  return evictOldest(makeRoom());
}

/** As `insert_make_room`, while no insert is under way, and only a unit that is older than this time. */
export function evict_before(time: f64): usize {
  const tenant = oldestTenant();
  return tenant !== null && tenant.oldest.time < time ? evictOldest(tenant) : 0;
}

/** Both write to RESULTS how many characters they evicted (u32 at 16). */
function evictOldest(tenant: Tenant | null): usize {
  if (tenant === null) return 0;
  store<u32>(RESULTS, evictUnit(changetype<Tenant>(tenant)), 16);
  return changetype<usize>(tenant);
}

/** The memory's maximum, and the most characters that all tenants together may own. To be called once, at first. */
export function set_limits(pages: u32, characters: f64): void {
  setLimit(pages);
  setMostCharacters(characters);
}

/**
 * Takes back an insert, by what RESULTS had when it was complete: its number (u32 at 24), and the characters of its text that its tenant
 * had before (u32 at 28). Follows a match of the whole text with EVERYONE. Returns the characters given up.
 */
export function revoke_insert(tenant: Tenant, call: u32, kept: u32): u32 {
  return revoke(tenant, call, kept);
}

/**
 * The units matched so far: fewer than were given when the text has left the tree, and then the match is complete. RESULTS then has the
 * characters matched (u32), four bytes unused, and, while there are no more than 64 slots, the owners of the deepest node reached (u64).
 */
export function prefix_match(units: u32, form: u32): u32 {
  if (form & FIRST) begin();
  const wide = form & WIDE;
  follow(WINDOW, WINDOW + (<usize>units << wide), wide, (form & EVERYONE) != 0);
  if (form & LAST || stopped) report(RESULTS);
  return <u32>matchedUnits();
}

/** After a complete match: writes how many characters of the text each candidate has, behind the bitmaps. */
export function match_each(): void {
  reportEach();
}

/** Whether a text beginning with this character would match anything at all; if not, the match is complete. */
export function begins(character: u32, everyone: bool): bool {
  begin();
  if (canBegin(character, everyone)) return true;
  report(RESULTS);
  return false;
}

/** Joins nodes that nothing tells apart, among those of which the tenant is the first owner. Returns how many are gone. */
export function compact(tenant: Tenant): u32 {
  return joinNodesOf(tenant);
}

export function evict_tenant_by_lru(tenant: Tenant, least: u32): u32 {
  return evictRuns(tenant, least);
}

/**
 * Writes to RESULTS, as u32: nodes (the root and the directory of namespaces among them), ownerships of nodes, grains of 32 bytes in use
 * by text and records, grains of these for text outside nodes, bytes of text there, grains that could still be had within the bound.
 */
export function measure(): void {
  store<u32>(RESULTS, nodeCount());
  store<u32>(RESULTS, entryCount(), 4);
  store<u32>(RESULTS, <u32>liveGrains, 8);
  store<u32>(RESULTS, <u32>heldGrains, 12);
  store<u32>(RESULTS, <u32>usedBytes, 16);
  store<u32>(RESULTS, <u32>room(), 20);
}

/**
 * A tenant's recency list, newest first, the root's entry before all others: as much of it as the window holds, rows of
 * `node u32 | call u32 | time f64`. For 0 what comes after that, until there are none.
 */
export function list(tenant: Tenant | null): u32 {
  if (tenant !== null) beginListing(tenant);
  return listRows(WINDOW, ROWS);
}

/** How many rows of a recency list the window holds. */
const ROWS: u32 = <u32>(WINDOW_BYTES >> 4);

/**
 * Writes to RESULTS, as u32: a node's parent, the number of the namespace whose root it is, or 0, its units, and how many bytes each needs: 1
 * if all are up to 0xFF, however they are stored, else 2.
 */
export function describe(node: Node): void {
  store<u32>(RESULTS, <u32>changetype<usize>(node.parent));
  store<u32>(RESULTS, node.units ? 0 : node.key, 4);
  store<u32>(RESULTS, node.units, 8);
  store<u32>(RESULTS, isLatin1(node) ? 1 : 2, 12);
}

/**
 * Writes a part of a node's text to the window, from its byte `at` to its end: from unit `from` on, two bytes a unit or, without WIDE, one.
 * Returns how many.
 */
export function node_text(whose: Node, from: u32, form: u32, at: usize): u32 {
  const wide = form & WIDE;
  return <u32>copyText(whose, from, (WINDOW_BYTES - at) >> wide, WINDOW + at, wide);
}

/** The root of the selected namespace, which must have none. */
export function restore_namespace(): usize {
  return changetype<usize>(attachNamespace());
}

/**
 * Makes nodes the tenant's oldest, one after the other: those of the window's first rows, as `list_more` writes them. Returns how many:
 * all, unless there is no room or it owns one already.
 */
export function restore_entries(tenant: Tenant, rows: u32): u32 {
  let row: u32 = 0;
  for (; row < rows; row++) {
    const at = WINDOW + (<usize>row << 4);
    if (!own(tenant, changetype<Node>(<usize>load<u32>(at)), load<f64>(at, 8), load<u32>(at, 4))) break;
  }
  return row;
}

/** Whether the tenant's entries make sense: it owns every ancestor of what it owns. */
export function restore_tenant(tenant: Tenant): bool {
  return finish(tenant);
}

/** Sets the number of the last insert. To be called before entries are restored, and after all nodes are: those are counted, too. */
export function restore_call(number: u32): void {
  setCall(number);
}

/**
 * Grafts a text below a node, or, for 0, the tree's root: the nodes that it needs are made, and become nobody's. A piece lies from byte `at`
 * of the window on. Returns 0 when there is no room. After the last piece: the node in which the text ends, plus 1 if it went along a node
 * that was there already, instead of becoming a single new one; before, any other number.
 */
export function graft(parent: usize, at: usize, units: u32, form: u32): usize {
  if (form & FIRST) beginGraft(parent ? changetype<Node>(parent) : root);
  const wide = form & WIDE;
  const last = (form & LAST) != 0;
  const from = WINDOW + at;
  const taken = takePiece(from, from + (<usize>units << wide), wide, last, changetype<Tenant>(0), 0);
  return last && taken ? changetype<usize>(placed) | (wentAlong ? 1 : 0) : taken;
}

/**
 * Writes to RESULTS a checksum (u64) of bytes that come through the window in pieces, the first marked FIRST: that of all so far. Each but the
 * last has a multiple of 32.
 */
export function sum(bytes: u32, form: u32): void {
  if (form & FIRST) beginSum();
  addToSum(WINDOW, bytes);
  store<u64>(RESULTS, endSum());
}
