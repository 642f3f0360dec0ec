import type { Recency } from "./recency.js";
import type { Entry } from "./records.js";

/** A doubly linked list a tenant: every step is O(1). */
export class LinkedList implements Recency {
  readonly #ends = new Map<string, { oldest: Entry | null; newest: Entry | null }>();

  constructor(tenants: readonly string[]) {
    for (const tenant of tenants) this.#ends.set(tenant, { oldest: null, newest: null });
  }

  touch(entry: Entry): void {
    const ends = this.#ends.get(entry.tenant)!;
    if (ends.newest === entry) return;
    if (entry.newer !== null) this.remove(entry);
    entry.older = ends.newest;
    if (ends.newest === null) ends.oldest = entry;
    else ends.newest.newer = entry;
    ends.newest = entry;
  }

  addNewerThan(entry: Entry, older: Entry): void {
    entry.older = older;
    entry.newer = older.newer;
    if (older.newer === null) this.#ends.get(entry.tenant)!.newest = entry;
    else older.newer.older = entry;
    older.newer = entry;
  }

  remove(entry: Entry): void {
    const { older, newer } = entry;
    if (older !== null) older.newer = newer;
    else this.#ends.get(entry.tenant)!.oldest = newer;
    if (newer !== null) newer.older = older;
    else this.#ends.get(entry.tenant)!.newest = older;
    entry.older = null;
    entry.newer = null;
  }

  *oldestFirst(tenant: string): Iterable<Entry> {
    let entry = this.#ends.get(tenant)?.oldest ?? null;
    while (entry !== null) {
      const { newer } = entry;
      yield entry;
      entry = newer;
    }
  }
}
