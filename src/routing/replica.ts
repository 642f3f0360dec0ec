/** A replica as the router is told of it. */
export interface ReplicaOptions {
  /** Names the replica; also its tenant in the tree. */
  id: string;
  /** Where it serves, for whoever sends the requests. */
  url?: string;
  /** The most requests that this router may have on it at a time. Default: no limit. */
  maxOngoingRequests?: number;
}

/** Seconds after which a reported queue length is no longer believed (Ray's queue length cache: 10 s). */
const REPORT_VALID_S = 10;

/** A replica as the router sees it. */
export class Replica {
  readonly id: string;
  readonly url: string | undefined;
  readonly maxOngoingRequests: number;
  #leases = 0;
  #reportedExcess = 0;
  #reportedAtS = 0;

  /** @internal */
  constructor({ id, url, maxOngoingRequests = Number.POSITIVE_INFINITY }: ReplicaOptions) {
    this.id = id;
    this.url = url;
    this.maxOngoingRequests = maxOngoingRequests;
  }

  /** This router's live leases on it. */
  get queueLength(): number {
    return this.#leases;
  }

  get hasRoom(): boolean {
    return this.#leases < this.maxOngoingRequests;
  }

  /**
   * What policies compare: this router's live leases, and what the replica, when it last rejected a request, reported beyond
   * them. A report counts for 10 seconds.
   */
  load(timeS: number): number {
    if (this.#reportedExcess > 0 && !(timeS - this.#reportedAtS < REPORT_VALID_S)) this.#reportedExcess = 0;
    return this.#leases + this.#reportedExcess;
  }

  /** @internal */
  leased(): void {
    this.#leases++;
  }

  /** @internal */
  ended(): void {
    this.#leases--;
  }

  /** @internal To be called when the rejected request's own lease has ended. */
  reported(queueLength: number, timeS: number): void {
    this.#reportedExcess = Math.max(0, queueLength - this.#leases);
    this.#reportedAtS = timeS;
  }
}
