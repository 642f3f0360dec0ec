import { RESULTS, allocate, grainsFor, release } from "./memory";
import { dropTouch } from "./recency";
import { Tenant } from "./records";

/**
 * What goes when there is no room: the part of the tree that one earlier insert call touched and nobody has touched since,
 * the oldest call of all tenants first. Such a unit lies at the old end of its tenant's recency list.
 *
 * The tenants that own anything stand in a binary heap by the call of their oldest touch. That call only ever grows, so a
 * key may be too old: it is put right when it comes to the top. Calls are compared by how long ago they were, so that their
 * number may wrap around.
 */
const NOT_QUEUED: u32 = 0xffffffff;

let capacity: u32 = 64;
let heap: usize = allocate(grainsFor(queueBytes(capacity)));
let size: u32 = 0;
let call: u32 = 0;

/** The number of the insert call under way: any but 0, which stands for none in a receipt. */
export function currentCall(): u32 {
  return call;
}

export function nextCall(): void {
  setCall(max<u32>(call + 1, 1));
}

export function setCall(number: u32): void {
  call = number;
  store<u32>(RESULTS, number, 24);
}

export function queueBytes(tenants: u32): usize {
  return <usize>tenants << 2;
}

/** Makes place for that many tenants. Room must have been reserved. */
export function resizeQueue(tenants: u32): void {
  const larger = allocate(grainsFor(queueBytes(tenants)));
  memory.copy(larger, heap, <usize>size << 2);
  release(heap, grainsFor(queueBytes(capacity)));
  heap = larger;
  capacity = tenants;
}

export function initQueued(tenant: Tenant): void {
  tenant.queueIndex = NOT_QUEUED;
}

/** To be called when a tenant may have come to own something. */
export function enqueue(tenant: Tenant): void {
  if (tenant.queueIndex != NOT_QUEUED || tenant.oldest === tenant.root) return;
  tenant.queueKey = tenant.oldest.call;
  put(tenant, size++);
  siftUp(tenant);
}

export function dequeue(tenant: Tenant): void {
  const index = tenant.queueIndex;
  if (index == NOT_QUEUED) return;
  tenant.queueIndex = NOT_QUEUED;
  size--;
  if (index == size) return;
  const moved = at(size);
  put(moved, index);
  siftUp(moved);
  siftDown(moved);
}

/** The tenant with the oldest unit, or null when no tenant owns anything. */
export function oldestTenant(): Tenant | null {
  while (size) {
    const tenant = at(0);
    if (tenant.oldest === tenant.root) {
      dequeue(tenant);
    } else if (tenant.oldest.call != tenant.queueKey) {
      tenant.queueKey = tenant.oldest.call;
      siftDown(tenant);
    } else {
      return tenant;
    }
  }
  return null;
}

/** Evicts the tenant's oldest unit. Returns the characters removed. */
export function evictUnit(tenant: Tenant): u32 {
  return dropTouch(tenant.oldest);
}

function siftUp(tenant: Tenant): void {
  let index = tenant.queueIndex;
  while (index) {
    const above = at((index - 1) >> 1);
    if (!isOlder(tenant, above)) break;
    put(above, index);
    index = (index - 1) >> 1;
  }
  put(tenant, index);
}

function siftDown(tenant: Tenant): void {
  let index = tenant.queueIndex;
  for (;;) {
    let below = (index << 1) + 1;
    if (below >= size) break;
    if (below + 1 < size && isOlder(at(below + 1), at(below))) below++;
    const candidate = at(below);
    if (!isOlder(candidate, tenant)) break;
    put(candidate, index);
    index = below;
  }
  put(tenant, index);
}

function isOlder(a: Tenant, b: Tenant): bool {
  return call - a.queueKey > call - b.queueKey;
}

function at(index: u32): Tenant {
  return changetype<Tenant>(<usize>load<u32>(heap + (<usize>index << 2)));
}

function put(tenant: Tenant, index: u32): void {
  store<u32>(heap + (<usize>index << 2), <u32>changetype<usize>(tenant));
  tenant.queueIndex = index;
}
