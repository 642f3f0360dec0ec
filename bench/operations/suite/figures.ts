/** The operations of the suite, in the order of its tables. */
export const OPERATIONS = [
  "insert, new text",
  "insert, text already there",
  "prefix_match, whole text",
  "prefix_match, tenants named",
  "evict_tenant_by_lru, one run",
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** How long the calls of one operation took. */
export interface Figure {
  operation: Operation;
  p50Us: number;
  p99Us: number;
  meanUs: number;
  samples: number;
}

/** What one peer did with one number of texts. */
export interface Figures {
  figures: Figure[];
  /**
   * What holding the texts costs: JavaScript heap and WebAssembly memory, or what a process of another language grew by;
   * null when that could not be told.
   */
  memoryBytes: number | null;
}

/** What a peer is asked to do. */
export interface Assignment {
  peer: string;
  /** A name or a path, as `textsOf` takes it. */
  workload: string;
  texts: number;
  seed: number;
  /** How long each operation is timed, in milliseconds. */
  timeMs: number;
  operations: Operation[];
}

/** What a process that measures a peer sends back. */
export type Answer = Figures | { error: string };

export const TENANTS: readonly string[] = ["replica-0", "replica-1", "replica-2", "replica-3"];
