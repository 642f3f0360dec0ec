import { cutText, lowerGrains, planCut, upperGrains } from "./cutting";
import { replaceChild } from "./edges";
import { hold, releaseHeld } from "./memory";
import { addOwner, findOwner, ownersPlace, shareOwners, sharedGrains, touchOf } from "./owners";
import { enqueue } from "./pressure";
import { disown, endTouch, findTouch, linkNewest } from "./recency";
import { NODE_GRAINS, Node, Tenant, Touch, countCharacters, newNode } from "./records";
import { firstCharacter, unitsUpTo } from "./text";
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
 * Makes all nodes from the deepest up to the root the tenant's by this touch, and those that it gains its own. Those it had, it had
 * from other touches, or from this one if the path was guarded. Returns how many characters of the path were the tenant's before.
 */
export function touchPath(deepest: Node, touch: Touch, time: f64): u32 {
  const tenant = touch.tenant;
  touch.time = time;
  tenant.root.time = time;
  if (deepest === root) return 0;
  if (!touch.count) linkNewest(touch);
  touch.deepest = deepest;
  let each = deepest;
  let gained: u32 = 0;
  let at = findOwner(each, tenant);
  while (!at) {
    addOwner(each, touch);
    touch.count++;
    gained += each.characters;
    each = changetype<Node>(each.parent);
    at = findOwner(each, tenant);
  }
  countCharacters(tenant, gained);
  const kept = claim(each, touch);
  enqueue(tenant);
  return kept;
}

/** Makes the nodes from `from`, which is the tenant's, up to the root those of this touch. Returns their characters. */
export function claim(from: Node, touch: Touch): u32 {
  const tenant = touch.tenant;
  let characters: u32 = 0;
  for (let each = from; each !== root; each = changetype<Node>(each.parent)) {
    const at = ownersPlace(each, tenant);
    const before = touchOf(load<u32>(at));
    store<u32>(at, <u32>changetype<usize>(touch));
    touch.count++;
    if (!--before.count) endTouch(before);
    characters += each.characters;
  }
  return characters;
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
    const touch = findTouch(each, whose);
    if (touch !== null) {
      if (touch.call != made || each !== touch.deepest || (!each.units && each.children)) break;
      removed += disown(each, touch);
    }
    each = parent;
    above -= parent.characters;
  }
  if (each !== root && above < before) removed += revokeRest(each, whose, made, before - above);
  return removed;
}

/** The same for a node that begins before and ends after that place, as compaction may have made it. Nothing when there is no room. */
function revokeRest(straddling: Node, whose: Tenant, made: u32, before: u32): u32 {
  const touch = findTouch(straddling, whose);
  if (touch === null || touch.call != made || straddling !== touch.deepest || before >= straddling.characters) return 0;
  const units = unitsUpTo(straddling, before);
  const shared = sharedGrains(straddling);
  planCut(straddling, units);
  let removed: u32 = 0;
  if (hold(NODE_GRAINS) && canHold(shared) && canHold(upperGrains) && canHold(lowerGrains)) {
    split(straddling, units);
    removed = disown(straddling, touch);
  }
  releaseHeld();
  return removed;
}

function canHold(grains: u32): bool {
  return !grains || hold(grains);
}
