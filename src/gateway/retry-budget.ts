/**
 * Retries that are allowed at once when there were none for a while: a replica that dies takes all that were under way on it. As many
 * as Finagle's budget has by default (10 a second, over 10 seconds).
 */
const MOST_TOKENS = 100;

/**
 * Bounds retries to a share of the requests: each request pays a share of a token in, each retry takes one out. When most requests
 * fail, trying them all again would only be the load that keeps the replicas down.
 */
export class RetryBudget {
  readonly #share: number;
  #tokens: number;

  constructor(share: number) {
    this.#share = share;
    this.#tokens = share === 0 ? 0 : MOST_TOKENS;
  }

  requested(): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + this.#share);
  }

  /** Whether a retry may be made; then it counts. */
  take(): boolean {
    // Ten shares of a tenth are a little less than one.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }
}
