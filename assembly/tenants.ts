import { allocate, grainsFor, hold, releaseHeld } from "./memory";
import { MOST_TENANTS, addOwner, bitmapWords, findOwner, ownerGrains, removeOwner, setBitmapWords } from "./owners";
import { dequeue, initQueued, queueBytes, resizeQueue } from "./pressure";
import { dropTouch } from "./recency";
import { Tenant, Touch, initTouch } from "./records";
import { bitmapBytes, resizeBitmaps, root } from "./walk";

/**
 * Tenants live long and texts do not. So that they do not come to lie one by one among texts, with no long run left between them for
 * the tables that have to be one, 64 of them (those of one word of a bitmap) have a chunk for their records and their touches of the root,
 * which stays: tenant 0 | its touch | tenant 1 | ….
 */
const PLACE: usize = 64;
const CHUNK_GRAINS: u32 = grainsFor(PLACE * 64);

/**
 * A tenant that owns the root and nothing else, or null when there is no room for it.
 * @param chunk that of its slot; 0 when no tenant has had one of its slots yet.
 */
export function newTenant(slot: u32, chunk: usize, time: f64): Tenant | null {
  if (slot >= MOST_TENANTS) return null;
  const words = bitmapWords();
  const needed = max(words, (slot >> 6) + 1);
  setBitmapWords(needed);
  if (!holdFor(!chunk, needed != words)) {
    releaseHeld();
    setBitmapWords(words);
    return null;
  }
  if (needed != words) {
    resizeBitmaps(words);
    resizeQueue(needed << 6);
  }
  if (!chunk) chunk = allocate(CHUNK_GRAINS);
  const at = chunk + <usize>(slot & 63) * PLACE;
  const tenant = changetype<Tenant>(at);
  tenant.bit = <u64>1 << (slot & 63);
  tenant.slot = slot;
  tenant.characters = 0;
  const touch = changetype<Touch>(at + (PLACE >> 1));
  initTouch(touch, tenant, time, 0);
  touch.deepest = root;
  touch.count = 1;
  tenant.root = touch;
  tenant.oldest = touch;
  initQueued(tenant);
  addOwner(root, touch);
  return tenant;
}

/** Ends all its ownerships. Returns the characters that it owned. */
export function removeTenant(tenant: Tenant): u32 {
  const characters = tenant.characters;
  while (tenant.oldest !== tenant.root) dropTouch(tenant.oldest);
  dequeue(tenant);
  removeOwner(root, tenant, findOwner(root, tenant));
  return characters;
}

function holdFor(chunk: bool, longerBitmaps: bool): bool {
  const table = ownerGrains(root);
  if ((chunk && !hold(CHUNK_GRAINS)) || (table && !hold(table))) return false;
  if (!longerBitmaps) return true;
  return hold(grainsFor(bitmapBytes(bitmapWords()))) && hold(grainsFor(queueBytes(bitmapWords() << 6)));
}
