/** What the load generator is to do. Times are milliseconds unless they say seconds. */
export type LoadSpec = {
  readonly url: string;
  /** Chunks of each stream, and the time between two; absent: whole answers. */
  readonly stream?: { readonly chunks: number; readonly paceMs: number };
} & (
  | { readonly kind: "closed"; readonly concurrency: number; readonly seconds: number }
  | { readonly kind: "open"; readonly rate: number; readonly seconds: number }
  /**
   * Opens so many streams, prints a result when each has had its first chunk, and holds them until its input ends. Those that have had
   * none after so many seconds have failed.
   */
  | { readonly kind: "hold"; readonly streams: number; readonly seconds: number }
);

export interface LoadResult {
  readonly completed: number;
  readonly failed: number;
  readonly seconds: number;
  /** To the first byte of a body, to the last, and between two pieces of a stream. Absent: there were none. */
  readonly firstByteMs?: Percentiles;
  readonly totalMs?: Percentiles;
  readonly betweenMs?: Percentiles;
  /** How late requests were sent, of an open loop. */
  readonly lateMs?: Percentiles;
}

export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}
