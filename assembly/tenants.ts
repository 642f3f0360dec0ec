import { allocate, grainsFor, hold, release, releaseHeld } from "./memory";
import { MOST_TENANTS, addOwner, bitmapWords, ownerGrains, removeOwner, setBitmapWords } from "./owners";
import { dequeue, initQueued, queueBytes, resizeQueue } from "./pressure";
import { drop } from "./recency";
import { ENTRY_GRAINS, Entry, TENANT_GRAINS, Tenant, freeEntry, newEntry } from "./records";
import { bitmapBytes, resizeBitmaps, root } from "./walk";

/** A tenant that owns the root and nothing else, or null when there is no room for it. */
export function newTenant(slot: u32, time: f64): Tenant | null {
  if (slot >= MOST_TENANTS) return null;
  const words = bitmapWords();
  const needed = max(words, (slot >> 6) + 1);
  setBitmapWords(needed);
  if (!holdFor(needed != words)) {
    releaseHeld();
    setBitmapWords(words);
    return null;
  }
  if (needed != words) {
    resizeBitmaps(words);
    resizeQueue(needed << 6);
  }
  const tenant = changetype<Tenant>(allocate(TENANT_GRAINS));
  tenant.bit = <u64>1 << (slot & 63);
  tenant.slot = slot;
  tenant.characters = 0;
  const entry = changetype<Entry>(newEntry(root, tenant, time, 0));
  tenant.root = entry;
  tenant.oldest = entry;
  initQueued(tenant);
  addOwner(root, entry);
  return tenant;
}

/** Ends all its ownerships. Returns the characters that it owned. */
export function removeTenant(tenant: Tenant): u32 {
  const characters = tenant.characters;
  while (tenant.oldest !== tenant.root) drop(tenant.oldest);
  dequeue(tenant);
  removeOwner(root, tenant.root);
  freeEntry(tenant.root);
  release(changetype<usize>(tenant), TENANT_GRAINS);
  return characters;
}

function holdFor(longerBitmaps: bool): bool {
  const table = ownerGrains(root);
  if (!hold(TENANT_GRAINS) || !hold(ENTRY_GRAINS) || (table && !hold(table))) return false;
  if (!longerBitmaps) return true;
  return hold(grainsFor(bitmapBytes(bitmapWords()))) && hold(grainsFor(queueBytes(bitmapWords() << 6)));
}
