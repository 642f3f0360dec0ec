/** How long a rejected request waits before its next choice. */
export interface BackoffOptions {
  /** Milliseconds before the second choice after the first. Default: 25. */
  initialMs?: number;
  /** Each wait is the one before times this. Default: 2. */
  multiplier?: number;
  /** The longest wait, in milliseconds. Default: 500. */
  maxMs?: number;
}

export type Backoff = Required<BackoffOptions>;

/** Ray Serve's. */
export const DEFAULT_BACKOFF: Backoff = { initialMs: 25, multiplier: 2, maxMs: 500 };

/** Milliseconds to wait after so many rejections: by default 0, 25, 50, 100, 200, 400, 500, 500 and so on. */
export function backoffMs(rejections: number, { initialMs, multiplier, maxMs }: Backoff): number {
  if (rejections <= 1) return 0;
  let ms = initialMs;
  for (let i = 2; i < rejections && ms < maxMs; i++) ms *= multiplier;
  return Math.min(ms, maxMs);
}
