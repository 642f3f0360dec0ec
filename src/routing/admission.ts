import { type Backoff, backoffMs } from "./backoff.js";
import { mayServe, type Wanted } from "./candidates.js";
import type { Dispatcher, Placeable } from "./dispatcher.js";
import { NoReplicaError, QueueFullError, QueueTimeoutError } from "./errors.js";
import type { Origin } from "./hold.js";
import { type Lease, RouterLease } from "./lease.js";
import type { Replica } from "./replica.js";
import type { ReplicaSet } from "./replica-set.js";
import { reasonOf, stopListening, throwIfAborted } from "./signals.js";
import { LONGEST_DELAY_MS, type Timers } from "./timers.js";
import { WaitingLine } from "./waiting-line.js";
import { SETTLED, type Watch } from "./watch.js";

/**
 * Whom a freed place goes to. `"exact"`: the request that the policy would send there, the oldest of several; if none is
 * meant for it, the oldest that may use it. `"fifo"`: the oldest that may use it, always.
 */
export type Matching = "exact" | "fifo";

export interface AdmissionSettings {
  readonly matching: Matching;
  readonly maxQueuedRequests: number;
  readonly backoff: Backoff;
  readonly timers: Timers;
}

/** A request that asks for a place. */
export interface Applicant extends Placeable {
  readonly wanted: Wanted;
  readonly timeoutMs: number;
  readonly origin: Origin;
}

interface Waiter extends Applicant {
  readonly arrival: number;
  /** For exact matching: where the policy would send it. */
  meant: Replica | null;
  /** The policy would have it wait for that one though others had room. */
  insists: boolean;
  timer: unknown;
  /** It has its lease or its error. */
  gone: boolean;
  onAbort: () => void;
  resolve(lease: Lease): void;
  reject(reason: unknown): void;
}

/**
 * Where requests wait for a place. While one waits that may use a replica, that replica has no room: a place that becomes free is
 * given away at once. (But one that the policy would have wait for a full replica waits for that one, whatever else is free.)
 */
export class Admission {
  readonly #set: ReplicaSet;
  readonly #dispatcher: Dispatcher;
  readonly #settings: AdmissionSettings;
  readonly #line = new WaitingLine<Waiter>();
  /** Put back, and not in the line before their backoff is over. */
  readonly #backingOff = new Set<Waiter>();
  #arrivals = 0;

  constructor(set: ReplicaSet, dispatcher: Dispatcher, settings: AdmissionSettings) {
    this.#set = set;
    this.#dispatcher = dispatcher;
    this.#settings = settings;
  }

  get waiting(): number {
    return this.#line.size + this.#backingOff.size;
  }

  /** How many requests have come. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** Whether a request waits for the replica that the policy means it for. */
  get exact(): boolean {
    return this.#settings.matching === "exact";
  }

  get #watch(): Watch | null {
    return this.#dispatcher.watch;
  }

  /** The origin of a request that comes for the first time. */
  arrive(): Origin {
    return { arrival: this.#arrivals++, rejections: 0, after: null };
  }

  /** @returns a promise only where the applicant has to wait. */
  admit(applicant: Applicant): Lease | Promise<Lease> {
    const admitted = this.#admit(applicant);
    if (admitted instanceof RouterLease) return living(admitted, applicant);
    return this.#waitFor(applicant, admitted).then((lease) => living(lease, applicant));
  }

  #waitFor(applicant: Applicant, { meant, delayMs }: { meant: Replica | null; delayMs: number }): Promise<Lease> {
    return new Promise<Lease>((resolve, reject) => {
      const { arrival } = applicant.origin;
      const state = { arrival, meant, insists: meant !== null, timer: null, gone: false, onAbort: () => {} };
      this.#begin({ ...applicant, ...state, resolve, reject }, delayMs);
    });
  }

  /** A lease at once, or how the request has to wait for one. */
  #admit(applicant: Applicant): RouterLease | { meant: Replica | null; delayMs: number } {
    try {
      const { wanted, origin } = applicant;
      const { rejections } = origin;
      const delayMs = backoffMs(rejections, this.#settings.backoff);
      const selection = this.#dispatcher.candidates(wanted, rejections);
      let meant: Replica | null = null;
      if (delayMs === 0 && selection.replicas.length > 0) {
        const placed = this.#dispatcher.place(applicant, selection, origin, this.exact);
        if (placed instanceof RouterLease) return placed;
        meant = placed;
        this.#watch?.({ what: "meant", origin, replica: placed });
      }
      const replicas = this.#set.all.length;
      if (replicas > 0 && !this.#set.all.some((replica) => mayServe(replica, wanted))) {
        throw new NoReplicaError(replicas, selection.excluded);
      }
      // One that is put back has been let in before.
      if (rejections === 0) this.checkQueue();
      return { meant, delayMs };
    } catch (error) {
      this.#watch?.({ what: "left", origin: applicant.origin, error });
      throw error;
    }
  }

  /** @throws QueueFullError when nobody more may wait. */
  checkQueue(): void {
    const { maxQueuedRequests } = this.#settings;
    if (this.waiting < maxQueuedRequests) return;
    throw new QueueFullError(this.waiting, maxQueuedRequests, this.#set.all.length);
  }

  /** A place on this replica is free. */
  freed(replica: Replica): void {
    if (this.#line.size === 0 || replica.removed) return;
    const passed = new Set<Waiter>();
    while (replica.hasRoom) {
      const waiter =
        this.#line.first((each) => each.meant === replica && !passed.has(each)) ??
        // One that insists may have a further replica in mind than the one it named: its policy is asked again.
        this.#line.first((each) => mayServe(replica, each.wanted) && !passed.has(each));
      if (waiter === undefined) return;
      if (!this.#grant(waiter)) passed.add(waiter);
    }
  }

  /** Replicas have come, gone or been changed. */
  replicasChanged(): void {
    for (const waiter of this.#line.all()) {
      if (waiter.meant?.hasRoom && !waiter.meant.removed) this.#grant(waiter);
    }
    for (const waiter of this.#line.all()) {
      if (this.#grant(waiter)) continue;
      if (waiter.meant === null || waiter.meant.removed) this.#mean(waiter);
    }
  }

  /** Turns all away. */
  close(reason: unknown): void {
    for (const waiter of [...this.#line.all(), ...this.#backingOff]) this.#turnAway(waiter, reason);
  }

  #begin(waiter: Waiter, delayMs: number): void {
    waiter.key.keep();
    waiter.onAbort = () => this.#turnAway(waiter, reasonOf(waiter.signal!));
    try {
      waiter.signal?.addEventListener("abort", waiter.onAbort, { once: true });
      if (delayMs === 0) this.#wait(waiter, waiter.timeoutMs);
      else this.#backOff(waiter, delayMs);
    } catch (error) {
      this.#turnAway(waiter, error);
    }
  }

  #backOff(waiter: Waiter, delayMs: number): void {
    // A wait that would be over before the backoff is ends with its time, as any other.
    const { timers } = this.#settings;
    const over = waiter.timeoutMs <= delayMs;
    this.#backingOff.add(waiter);
    waiter.timer = timers.setTimeout(
      () => {
        if (waiter.gone) return;
        if (over) this.#timeOut(waiter);
        else this.#comeBack(waiter, waiter.timeoutMs - delayMs);
      },
      over ? waiter.timeoutMs : delayMs,
    );
  }

  #comeBack(waiter: Waiter, timeoutMs: number): void {
    waiter.timer = null;
    const watch = this.#watch;
    watch?.({ what: "returned", origin: waiter.origin });
    try {
      if (!this.#grant(waiter)) {
        this.#backingOff.delete(waiter);
        this.#wait(waiter, timeoutMs);
      }
    } catch (error) {
      this.#turnAway(waiter, error);
    } finally {
      watch?.(SETTLED);
    }
  }

  #wait(waiter: Waiter, timeoutMs: number): void {
    this.#line.add(waiter);
    if (timeoutMs <= LONGEST_DELAY_MS) {
      waiter.timer = this.#settings.timers.setTimeout(() => this.#timeOut(waiter), timeoutMs);
    }
    if (!waiter.insists) this.#mean(waiter);
  }

  /** Asks the policy, for exact matching, where the request would go if there were room. */
  #mean(waiter: Waiter): void {
    waiter.meant = null;
    waiter.insists = false;
    if (!this.exact) return;
    const replicas = this.#set.all.filter((replica) => mayServe(replica, waiter.wanted));
    if (replicas.length === 0) return;
    try {
      const replica = this.#dispatcher.preferred(waiter.key, replicas);
      waiter.meant = replica;
      this.#watch?.({ what: "meant", origin: waiter.origin, replica });
    } catch (error) {
      this.#turnAway(waiter, error);
    }
  }

  /** A choice anew, among the replicas with room, if there are any. Returns whether the waiter is no longer there. */
  #grant(waiter: Waiter): boolean {
    const { wanted, origin, signal } = waiter;
    try {
      // One signal may end leases and waits, in whatever order its listeners are called.
      throwIfAborted(signal);
      const selection = this.#dispatcher.candidates(wanted, origin.rejections);
      if (selection.replicas.length === 0) {
        const replicas = this.#set.all;
        if (replicas.length === 0 || replicas.some((replica) => mayServe(replica, wanted))) return false;
        throw new NoReplicaError(replicas.length, selection.excluded);
      }
      const placed = this.#dispatcher.place(waiter, selection, origin, this.exact);
      if (!(placed instanceof RouterLease)) {
        waiter.meant = placed;
        waiter.insists = true;
        this.#watch?.({ what: "meant", origin, replica: placed });
        return false;
      }
      this.#leave(waiter);
      waiter.resolve(placed);
    } catch (error) {
      this.#turnAway(waiter, error);
    }
    return true;
  }

  #timeOut(waiter: Waiter): void {
    // Timers that cannot be cleared go off all the same.
    if (waiter.gone) return;
    const ahead = this.#line.ahead(waiter);
    this.#leave(waiter);
    const { waiting } = this;
    const { full, all } = this.#set;
    const numbers = { timeoutMs: waiter.timeoutMs, ahead, waiting, replicas: all.length, full };
    const error = new QueueTimeoutError(numbers);
    this.#watch?.({ what: "left", origin: waiter.origin, error });
    waiter.reject(error);
  }

  #turnAway(waiter: Waiter, reason: unknown): void {
    this.#leave(waiter);
    this.#watch?.({ what: "left", origin: waiter.origin, error: reason });
    waiter.reject(reason);
  }

  #leave(waiter: Waiter): void {
    this.#line.remove(waiter);
    this.#backingOff.delete(waiter);
    stopListening(waiter.signal, waiter.onAbort);
    waiter.gone = true;
    if (waiter.timer === null) return;
    try {
      this.#settings.timers.clearTimeout(waiter.timer);
    } catch (error) {
      // It has its lease or its error already, and is not to lose it.
      console.error(error);
    }
  }
}

/** The signal may have ended the lease since it was granted. */
function living(lease: Lease, { signal }: Applicant): Lease {
  if (!lease.live) throwIfAborted(signal);
  return lease;
}
