import type { Entry } from "./records.js";

/** Which of a tenant's entries is the oldest. */
export interface Recency {
  /** Makes it the tenant's newest entry, new or not. */
  touch(entry: Entry): void;
  /** A new entry directly on the newer side of one that is there. */
  addNewerThan(entry: Entry, older: Entry): void;
  remove(entry: Entry): void;
  /** The tenant's entries, the oldest first. An entry may be removed as soon as it has been given. */
  oldestFirst(tenant: string): Iterable<Entry>;
}
