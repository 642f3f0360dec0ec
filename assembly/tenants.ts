import { allocate, grainsFor, release, reserve } from "./memory";
import { MOST_TENANTS, addOwner, admitSlot, bitmapWords, ownerReserve, removeOwner } from "./owners";
import { drop } from "./recency";
import { Entry, TENANT_GRAINS, Tenant, freeEntry, newEntry } from "./records";
import { bitmapBytes, resizeBitmaps, root } from "./walk";

/** A tenant that owns the root and nothing else, or null when there is no room for it. */
export function newTenant(slot: u32, time: f64): Tenant | null {
  if (slot >= MOST_TENANTS) return null;
  const words = bitmapWords();
  const needed = max(words, (slot >> 6) + 1);
  const bitmaps = <usize>grainsFor(bitmapBytes(needed)) << 5;
  const table = ownerReserve(root) + bitmaps;
  if (!reserve(64 + table + bitmaps, table)) return null;
  admitSlot(slot);
  if (words != needed) resizeBitmaps(words);
  const tenant = changetype<Tenant>(allocate(TENANT_GRAINS));
  tenant.bit = <u64>1 << (slot & 63);
  tenant.slot = slot;
  tenant.characters = 0;
  const entry = changetype<Entry>(newEntry(root, tenant, time, 0));
  tenant.root = entry;
  tenant.oldest = entry;
  addOwner(root, entry);
  return tenant;
}

/** Ends all its ownerships. Returns the characters that it owned. */
export function removeTenant(tenant: Tenant): u32 {
  const characters = tenant.characters;
  while (tenant.oldest !== tenant.root) drop(tenant.oldest);
  removeOwner(root, tenant.root);
  freeEntry(tenant.root);
  release(changetype<usize>(tenant), TENANT_GRAINS);
  return characters;
}
