import type { Recency } from "./recency.js";
import type { Entry } from "./records.js";

/** No order is kept: an eviction puts all of the tenant's entries into a heap by time, as the reference's tree once did. */
export class MinHeap implements Recency {
  readonly #entries: Map<string, Set<Entry>>;

  constructor(tenants: readonly string[]) {
    this.#entries = new Map(tenants.map((tenant) => [tenant, new Set()]));
  }

  touch(entry: Entry): void {
    this.#entries.get(entry.tenant)!.add(entry);
  }

  addNewerThan(entry: Entry): void {
    this.touch(entry);
  }

  remove(entry: Entry): void {
    this.#entries.get(entry.tenant)!.delete(entry);
  }

  *oldestFirst(tenant: string): Iterable<Entry> {
    const heap = [...(this.#entries.get(tenant) ?? [])];
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);
    while (heap.length > 0) {
      const oldest = heap[0]!;
      const last = heap.pop()!;
      if (heap.length > 0) {
        heap[0] = last;
        sink(heap, 0);
      }
      yield oldest;
    }
  }
}

function sink(heap: Entry[], from: number): void {
  const entry = heap[from]!;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.timeS < heap[child]!.timeS) child++;
    if (heap[child]!.timeS >= entry.timeS) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = entry;
}
