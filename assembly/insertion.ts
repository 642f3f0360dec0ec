import { lowerGrains, planCut, shortenText, upperGrains } from "./cutting";
import { BLOCK_GRAINS, addChild, blocksFor } from "./edges";
import { RESULTS, fitsAbove, hold, releaseHeld } from "./memory";
import { newNamespace } from "./namespaces";
import { findOwner, isTabled, ownerGrains, sharedGrains } from "./owners";
import { claim, split, touchPath } from "./path";
import { currentCall, nextCall, oldestTenant } from "./pressure";
import { linkNewest, prune } from "./recency";
import { NODE_GRAINS, Node, TOUCH_GRAINS, Tenant, Touch, characterCount, freeNode, freeTouch, initTouch, newNode, renewSpare, spare, takeSpare } from "./records";
import { appendText, charactersUpTo, freeText, setText, unitsUpTo } from "./text";
import { characterAt, isHighSurrogate, isLowSurrogate } from "./units";
import { absent, begin, beginAt, directory, follow, moveTo, node, offset, pieceAt, reopen, root, selectedNamespace } from "./walk";

/**
 * An insert walks the text, keeps what the tree does not have in a leaf that is not part of it yet, and at the end, when
 * all that the rest needs has been set aside, splits, attaches the leaf and touches the path. Up to there nothing has
 * changed, so it can stop anywhere and ask for room; then what it needs is evicted elsewhere, or the text shortened.
 */
export const NO_ROOM: u32 = 0;
export const TAKEN: u32 = 1;
export const SHORTENED: u32 = 2;

let tenant: Tenant = changetype<Tenant>(0);
let time: f64 = 0;
let leaf: Node | null = null;
/** What the window holds and neither the tree nor the leaf has. */
let rest: usize = 0;
let restEnd: usize = 0;
let restWide: u32 = 0;
let last: bool = false;
let shortened: bool = false;
/** Whether the path is held, so that eviction leaves it. */
let guarded: bool = false;
/** Of a graft: that it is one; where it began; the deepest node of its text; and whether that is not a single new one below that. */
let bare: bool = false;
let below: Node | null = null;
export let placed: Node | null = null;
export let wentAlong: bool = false;
let mostCharacters: u64 = u64.MAX_VALUE;

export function setMostCharacters(characters: f64): void {
  mostCharacters = <u64>characters;
}

export function beginInsert(): void {
  begin();
  start();
}

/** Begins where the match just made has ended, with its last piece still in the window. */
export function beginInsertAtMatch(): usize {
  reopen();
  start();
  return pieceAt;
}

/** Begins below a node of which all is to be matched, and will not touch the path. */
export function beginGraft(parent: Node): void {
  beginAt(parent);
  start();
  bare = true;
  below = parent;
}

/** Takes the next piece of the text, from `from` to `end` in the window; with the last one the insert is complete. */
export function takePiece(from: usize, end: usize, wide: u32, isLast: bool, whose: Tenant, when: f64): u32 {
  tenant = whose;
  time = when;
  rest = leaf === null ? follow(from, end, wide, true) : from;
  restEnd = end;
  restWide = wide;
  last = isLast;
  return advance();
}

/** Goes on with the piece that found no room. */
export function advance(): u32 {
  if (rest < restEnd) {
    if (!keep(restEnd)) return NO_ROOM;
    rest = restEnd;
  }
  if (!last) return TAKEN;
  if (!prepare()) return NO_ROOM;
  complete();
  return shortened ? SHORTENED : TAKEN;
}

/** As `advance`, when something has been evicted: the end of the path's last node, if nobody owns that any more, makes room, too. */
export function retry(): u32 {
  if (offset < <usize>node.units && !node.ownerCount) shortenText(node, offset);
  return advance();
}

/** Evicts the oldest unit of all that is not on the path of the insert under way. Whose it was; null: nothing is left. */
export function makeRoom(): Tenant | null {
  if (!guarded) guardPath();
  const oldest = oldestTenant();
  return oldest === null || oldest.oldest.call == currentCall() ? null : oldest;
}

/** When `makeRoom` has found nothing to evict: goes on with a shorter text, unless guarding the path has made room. */
export function shorten(): u32 {
  if (!shortened) {
    const answer = retry();
    if (answer != NO_ROOM) return answer;
  }
  shortened = true;
  last = true;
  if (rest < restEnd) {
    keepSome();
    rest = restEnd;
  } else if (leaf !== null) {
    trimLeaf(changetype<Node>(leaf));
  } else {
    retreat();
  }
  return retry();
}

function start(): void {
  leaf = null;
  shortened = false;
  guarded = false;
  bare = false;
  nextCall();
}

function keep(end: usize): bool {
  const units = (end - rest) >> restWide;
  if (leaf !== null) return appendText(changetype<Node>(leaf), rest, units, restWide);
  const created = newNode();
  if (created === null) return false;
  created.key = characterAt(rest, end, restWide);
  if (!setText(created, rest, units, restWide)) {
    freeNode(created);
    return false;
  }
  leaf = created;
  return true;
}

/** Keeps as much of the piece as there is room for. */
function keepSome(): void {
  let units = (restEnd - rest) >> restWide;
  while (units) {
    units -= (units >> 5) + 1;
    let end = rest + (units << restWide);
    if (restWide && units && isHighSurrogate(load<u16>(end - 2)) && isLowSurrogate(load<u16>(end))) {
      units--;
      end -= 2;
    }
    if (units && keep(end)) return;
  }
}

/** Sees to it that what `complete` allocates is there, or says that it is not. */
function prepare(): bool {
  needed = 0;
  added = 0;
  plan(false);
  if (characterCount() + added > mostCharacters) return false;
  if (!needed || fitsAbove(<usize>needed << 5)) return true;
  if (plan(true)) return true;
  releaseHeld();
  return false;
}

let needed: u32 = 0;
/** How many characters the tenant would come to own. */
let added: u64 = 0;

/** Goes through all that `complete` will allocate: counts it, or sets it aside. */
function plan(holding: bool): bool {
  let owned = node;
  const splits = offset < <usize>node.units;
  const touches = !bare && (leaf !== null || node !== root);
  if (touches && !want(TOUCH_GRAINS, 1, holding)) return false;
  if (leaf !== null) {
    const grown = changetype<Node>(leaf);
    added += grown.characters;
    if (absent) {
      if (!want(NODE_GRAINS, 1, holding)) return false;
      if (!want(BLOCK_GRAINS, blocksFor(directory, selectedNamespace()), holding)) return false;
    } else if (!splits && !want(BLOCK_GRAINS, blocksFor(node, grown.key), holding)) {
      return false;
    }
  }
  if (splits) {
    if (!want(NODE_GRAINS, 1, holding) || !want(sharedGrains(node), 1, holding)) return false;
    planCut(node, offset);
    if (!want(upperGrains, 1, holding) || !want(lowerGrains, 1, holding)) return false;
    if (!bare && !findOwner(node, tenant)) {
      added += charactersUpTo(node, offset);
      if (!isTabled(node) && !want(ownerGrains(node), 1, holding)) return false;
    }
    owned = changetype<Node>(node.parent);
  }
  while (!bare && !findOwner(owned, tenant)) {
    added += owned.characters;
    if (!want(ownerGrains(owned), 1, holding)) return false;
    owned = changetype<Node>(owned.parent);
  }
  return true;
}

function want(grains: u32, times: u32, holding: bool): bool {
  if (!holding) {
    needed += grains * times;
    return true;
  }
  for (; grains && times; times--) {
    if (!hold(grains)) return false;
  }
  return true;
}

function complete(): void {
  const end = node;
  let deepest = offset < <usize>node.units ? split(node, offset) : node;
  if (leaf !== null) {
    if (absent) deepest = newNamespace();
    const grown = changetype<Node>(leaf);
    addChild(deepest, grown);
    deepest = grown;
    leaf = null;
  }
  if (bare) {
    placed = deepest;
    wentAlong = end !== below;
  } else {
    const touch = takeSpare();
    if (!guarded) initTouch(touch, tenant, time, currentCall());
    store<u32>(RESULTS, touchPath(deepest, touch, time), 28);
    if (!touch.count) freeTouch(touch);
    renewSpare();
  }
  releaseHeld();
  if (guarded) releasePath(end);
}

/**
 * Holds the nodes of the path, and makes those that the tenant owns its newest, as they will be anyway: so the oldest unit
 * of all is never among them. The last node, if the text ends within it, is the tenant's no more than before.
 */
function guardPath(): void {
  guarded = true;
  const touch = changetype<Touch>(spare);
  initTouch(touch, tenant, time, currentCall());
  for (let each = node; each !== root; each = changetype<Node>(each.parent)) {
    each.held = 1;
    if (touch.count || (each === node && offset < <usize>node.units) || !findOwner(each, tenant)) continue;
    linkNewest(touch);
    touch.deepest = each;
    claim(each, touch);
  }
}

function releasePath(end: Node): void {
  for (let each = end; each !== root; each = changetype<Node>(each.parent)) each.held = 0;
  prune(end);
}

/** Takes a little off the leaf's end: what is too much for `mostCharacters`, or a grain. */
function trimLeaf(grown: Node): void {
  const excess = excessCharacters();
  let units: usize = 0;
  if (excess) {
    if (excess < <u64>grown.characters) units = unitsUpTo(grown, grown.characters - <u32>excess);
  } else if (<usize>grown.units > 32) {
    units = unitsUpTo(grown, charactersUpTo(grown, <usize>grown.units - 32));
  }
  if (units) return shortenText(grown, units);
  freeText(grown);
  freeNode(grown);
  leaf = null;
}

/**
 * Gives up a part of the path that the tenant does not own: what is too much for `mostCharacters`, or a node. (For one that it owns it needs
 * no more than a touch, and that is there when all others are gone.)
 */
function retreat(): void {
  const excess = excessCharacters();
  const here = charactersUpTo(node, offset);
  if (excess && excess < <u64>here) {
    moveTo(node, unitsUpTo(node, here - <u32>excess));
    return;
  }
  const left = node;
  const parent = changetype<Node>(left.parent);
  moveTo(parent, parent.units);
  left.held = 0;
  prune(left);
}

/** How many characters too many the tenants would own together. */
function excessCharacters(): u64 {
  const total = characterCount() + added;
  return total > mostCharacters ? total - mostCharacters : 0;
}
