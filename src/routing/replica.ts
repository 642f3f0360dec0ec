import type { ReplicaSet } from "./replica-set.js";

/** A replica as the router is told of it. (A `Replica` is one, too.) */
export interface ReplicaOptions {
  /** Names the replica; also its tenant in the tree. */
  id: string;
  /** Where it serves, for whoever sends the requests. */
  url?: string | undefined;
  /** Sent with every request to it, as an `authorization` of its own. Never in a journal. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The most requests that this router may have on it at a time. Default: no limit. */
  maxOngoingRequests?: number | undefined;
  /** The model that it serves, or several (adapters). Requests for another are not routed to it. Default: any. */
  model?: string | readonly string[] | undefined;
  /** What requests can ask for: `route(request, { labels })`. */
  labels?: Readonly<Record<string, string>> | undefined;
  /** The machine and the zone where it runs, for the router's `locality`. */
  node?: string | undefined;
  zone?: string | undefined;
}

/** What a replica says of itself, as its `/metrics` do. */
export interface ReplicaLoad {
  /** Requests that it works on. */
  readonly running: number;
  /** Requests that wait in it. */
  readonly waiting: number;
  /** Share of its KV cache in use, 0 to 1; null when it is not known. */
  readonly kvUsage: number | null;
}

/** A replica as the router sees it. */
export class Replica {
  readonly id: string;
  readonly #set: ReplicaSet;
  #options: ReplicaOptions;
  #limit: number;
  #leases = 0;
  #rejection: Excess | null = null;
  #report: (Excess & { readonly load: ReplicaLoad }) | null = null;
  /** @internal Its place in the set; -1 when it has been removed. */
  index = -1;

  /** @internal */
  constructor(set: ReplicaSet, options: ReplicaOptions) {
    this.id = options.id;
    this.#set = set;
    this.#options = options;
    this.#limit = options.maxOngoingRequests ?? Number.POSITIVE_INFINITY;
  }

  /** @internal What the router was told of it last. */
  get options(): ReplicaOptions {
    return this.#options;
  }

  get url(): string | undefined {
    return this.#options.url;
  }

  get headers(): Readonly<Record<string, string>> | undefined {
    return this.#options.headers;
  }

  get maxOngoingRequests(): number {
    return this.#limit;
  }

  get model(): string | readonly string[] | undefined {
    return this.#options.model;
  }

  get labels(): Readonly<Record<string, string>> | undefined {
    return this.#options.labels;
  }

  get node(): string | undefined {
    return this.#options.node;
  }

  get zone(): string | undefined {
    return this.#options.zone;
  }

  /** Whether `updateReplicas` has left it out. Its leases go on. */
  get removed(): boolean {
    return this.index < 0;
  }

  /** This router's live leases on it. */
  get queueLength(): number {
    return this.#leases;
  }

  get hasRoom(): boolean {
    return this.#leases < this.#limit;
  }

  /**
   * What policies compare: this router's live leases, and what the replica reported beyond them when it last rejected a request
   * or by `Router.setLoad`. A report counts for `loadValidSecs`. Then its load is unknown, not nothing: it counts as much beyond the
   * leases as it last reported, and no less than the replicas whose reports are fresh have on average.
   */
  load(timeS: number): number {
    return this.#leases + this.#set.excessOf(this, timeS);
  }

  /** What it reported last by `Router.setLoad`; null when that is older than `loadValidSecs`, or never was. */
  reported(timeS: number): ReplicaLoad | null {
    return this.#report !== null && this.#set.isFresh(this.#report, timeS) ? this.#report.load : null;
  }

  /** @internal Beyond the leases when it last rejected a request. */
  get rejection(): Excess | null {
    return this.#rejection;
  }

  /** @internal Beyond the leases by its last report. */
  get report(): (Excess & { readonly load: ReplicaLoad }) | null {
    return this.#report;
  }

  /** @internal */
  leased(): void {
    this.#leases++;
    this.#set.counted(this, 1);
  }

  /** @internal */
  ended(): void {
    this.#leases--;
    this.#set.counted(this, -1);
  }

  /** @internal To be called when the rejected request's own lease has ended. */
  rejectedWith(queueLength: number, atS: number): void {
    this.#rejection = { requests: Math.max(0, queueLength - this.#leases), atS };
    this.#set.reported();
  }

  /** @internal False, and nothing changes, when a later report is known (but one from the future is of a clock that was put back). */
  reportedLoad(load: ReplicaLoad, atS: number, nowS: number): boolean {
    if (this.#report !== null && atS < this.#report.atS && this.#report.atS <= nowS) return false;
    this.#report = { requests: Math.max(0, load.running + load.waiting - this.#leases), atS, load };
    this.#set.reported();
    return true;
  }

  /** @internal */
  change(options: ReplicaOptions): void {
    this.#options = options;
    this.#limit = options.maxOngoingRequests ?? Number.POSITIVE_INFINITY;
  }
}

/** Requests on a replica beyond this router's leases, and when that was so. */
export interface Excess {
  readonly requests: number;
  readonly atS: number;
}
