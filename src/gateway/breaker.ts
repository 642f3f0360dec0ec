import type { BreakerOptions } from "./options.js";

/** Closed: requests pass. Open: none does. Half open: a few try whether the replica is back. */
export type BreakerState = "closed" | "half_open" | "open";

/** Opens after so many failures in a row; time is passed in, in seconds. */
export class Breaker {
  readonly #options: Required<BreakerOptions>;
  #failures = 0;
  #openUntilS: number | null = null;
  #probes = 0;

  constructor(options: Required<BreakerOptions>) {
    this.#options = options;
  }

  state(nowS: number): BreakerState {
    if (this.#openUntilS === null) return "closed";
    return nowS < this.#openUntilS ? "open" : "half_open";
  }

  /** When an open breaker will let a request try; null when it does so now. */
  opensInS(nowS: number): number | null {
    return this.#openUntilS !== null && nowS < this.#openUntilS ? this.#openUntilS - nowS : null;
  }

  allows(nowS: number): boolean {
    const state = this.state(nowS);
    return state === "closed" || (state === "half_open" && this.#probes < this.#options.halfOpenRequests);
  }

  /** A request begins. Returns whether it is a probe: then `probed` must be called once it is known or given up. */
  begin(nowS: number): boolean {
    if (this.state(nowS) === "closed") return false;
    this.#probes++;
    return true;
  }

  probed(): void {
    this.#probes = Math.max(0, this.#probes - 1);
  }

  /** The replica answers: a half-open breaker closes. */
  answered(nowS: number): void {
    if (this.state(nowS) === "half_open") this.reset();
  }

  /** An answer has come to its end. */
  succeeded(): void {
    if (this.#openUntilS === null) this.#failures = 0;
  }

  /** Returns whether the breaker has opened with it. */
  failed(nowS: number): boolean {
    const state = this.state(nowS);
    // Those that were sent before it opened tell nothing new.
    if (state === "open") return false;
    if (state === "closed" && ++this.#failures < this.#options.failures) return false;
    this.#openUntilS = nowS + this.#options.openMs / 1000;
    return true;
  }

  reset(): void {
    this.#failures = 0;
    this.#openUntilS = null;
    this.#probes = 0;
  }
}
