import { replaceChild } from "./edges";
import { hold, releaseHeld } from "./memory";
import { addOwner, findOwner, shareOwners, sharedGrains } from "./owners";
import { currentCall, enqueue } from "./pressure";
import { drop, linkOlder, moveOlder } from "./recency";
import { ENTRY_GRAINS, Entry, NODE_GRAINS, Node, Tenant, countCharacters, newEntry, newNode } from "./records";
import { cutGrains, cutText, firstCharacter, unitsUpTo } from "./text";
import { charactersBefore, node, offset, root } from "./walk";

/** What an insert does to the path of its text, when all that it needs is there; and how it is taken back. */

/** Puts a new node with the first `units` of `lower`'s text above it. `lower` stays what it was for all who own it. */
export function split(lower: Node, units: usize): Node {
  const upper = changetype<Node>(newNode());
  upper.key = lower.key;
  upper.held = lower.held;
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
 * touching them downwards, one after the other, at the newest place. Returns how many characters of the path were the tenant's
 * before.
 */
export function touchPath(deepest: Node, tenant: Tenant, time: f64): u32 {
  const call = currentCall();
  let newer = tenant.root;
  let each = deepest;
  let gained: u32 = 0;
  let owned = findOwner(each, tenant);
  while (owned === null) {
    const entry = changetype<Entry>(newEntry(each, tenant, time, call));
    addOwner(each, entry);
    linkOlder(entry, newer);
    newer = entry;
    gained += each.characters;
    each = changetype<Node>(each.parent);
    owned = findOwner(each, tenant);
  }
  countCharacters(tenant, gained);
  let kept: u32 = 0;
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
  enqueue(tenant);
  return kept;
}

/**
 * Ends the tenant's ownership of those nodes of the text just walked that begin after its first `before` characters and
 * that insert call `made` was the last to touch. Returns the characters given up. A namespace's root, which is as deep as
 * what was there before, goes only when nothing is below it.
 */
export function revoke(whose: Tenant, made: u32, before: u32): u32 {
  let above = charactersBefore();
  let each = node;
  if (offset < <usize>each.units) {
    each = changetype<Node>(each.parent);
    above -= each.characters;
  }
  let removed: u32 = 0;
  while (each !== root && above >= before) {
    const parent = changetype<Node>(each.parent);
    const entry = findOwner(each, whose);
    if (entry !== null) {
      if (entry.call != made || (!each.units && each.children)) break;
      removed += drop(entry);
    }
    each = parent;
    above -= parent.characters;
  }
  if (each !== root && above < before) removed += revokeRest(each, whose, made, before - above);
  return removed;
}

/** The same for a node that begins before and ends after that place, as compaction may have made it. Nothing when there is no room. */
function revokeRest(straddling: Node, whose: Tenant, made: u32, before: u32): u32 {
  const entry = findOwner(straddling, whose);
  if (entry === null || entry.call != made || before >= straddling.characters) return 0;
  const units = unitsUpTo(straddling, before);
  let holds = hold(NODE_GRAINS);
  const cut = cutGrains(straddling, units);
  const shared = sharedGrains(straddling);
  if (cut) holds = holds && hold(cut);
  if (shared) holds = holds && hold(shared);
  for (let owners = straddling.ownerCount; owners && holds; owners--) holds = hold(ENTRY_GRAINS);
  let removed: u32 = 0;
  if (holds) {
    split(straddling, units);
    removed = drop(entry);
  }
  releaseHeld();
  return removed;
}
