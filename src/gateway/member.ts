import type { LoadReport } from "../routing/index.js";
import { Breaker } from "./breaker.js";
import type { BreakerOptions, HealthOptions } from "./options.js";

/** `ejected`: its breaker is not closed. */
export type ReplicaCondition = "healthy" | "unhealthy" | "ejected" | "draining";

/** What the gateway knows of a replica. */
export class Member {
  readonly id: string;
  breaker: Breaker | null;
  /** It has an address that requests may be sent to. */
  reachable = true;
  healthy = true;
  draining = false;
  /** Nothing was answered since its texts were forgotten. */
  clean = true;
  /** How often in a row its reports contradicted the tree. */
  cold = 0;
  /** By its own word (`Retry-After`). */
  restsUntilS: number = Number.NEGATIVE_INFINITY;
  /** Of the breaker. */
  timer: unknown = null;
  /** What it last reported of itself; null when it does not answer, undefined when it was never asked. */
  load: LoadReport | null | undefined = undefined;
  /** How many it was sent. */
  requests = 0;
  /** Sums over the answers that told them. */
  promptTokens = 0;
  cachedTokens = 0;
  /** Checks in a row that went against what it is taken for. */
  #against = 0;

  constructor(id: string, breaker: Required<BreakerOptions> | null) {
    this.id = id;
    this.breaker = breaker === null ? null : new Breaker(breaker);
  }

  condition(nowS: number): ReplicaCondition {
    if (this.draining) return "draining";
    if (!this.healthy || !this.reachable) return "unhealthy";
    return this.breaker === null || this.breaker.state(nowS) === "closed" ? "healthy" : "ejected";
  }

  protect(breaker: Required<BreakerOptions> | null): void {
    this.breaker = breaker === null ? null : new Breaker(breaker);
  }

  checked(well: boolean, { unhealthyAfter, healthyAfter }: Required<HealthOptions>): void {
    this.#against = well === this.healthy ? 0 : this.#against + 1;
    if (this.#against < (this.healthy ? unhealthyAfter : healthyAfter)) return;
    this.healthy = well;
    this.#against = 0;
  }
}
