import { Random } from "../random/index.js";
import type { PrefixTree } from "../tree/index.js";
import { Admission } from "./admission.js";
import { type CandidateOptions, wantedOf } from "./candidates.js";
import { checkedClock } from "./clock.js";
import { Dispatcher } from "./dispatcher.js";
import { NoReplicaError } from "./errors.js";
import { watchForgotten } from "./forgotten.js";
import type { LeaseGround, Origin } from "./hold.js";
import { IdleLimit } from "./idle-limit.js";
import { checkRecord, type Recording, type RecordOptions, startRecording } from "./journal/recorder.js";
import { type Lease, RouterLease } from "./lease.js";
import { makePolicy } from "./make-policy.js";
import { checkObserve, type Observation, type ObserveOptions, startObserving } from "./observe.js";
import { checkOptions, type RouterOptions, settingsOf } from "./options.js";
import type { PolicyEnvironment } from "./policies/policy.js";
import { type Preview, previewOf } from "./preview.js";
import { Repeater } from "./repeater.js";
import type { Replica, ReplicaOptions } from "./replica.js";
import { readReplicas } from "./replica-options.js";
import { ReplicaSet } from "./replica-set.js";
import { type Key, type KeyOptions, KeyReader, type RouteRequest } from "./request-key.js";
import { checkLoad, checkReportTime, checkRoute, NO_OPTIONS } from "./route-options.js";
import { throwIfAborted } from "./signals.js";
import { realTimers } from "./timers.js";
import type { TrackingRow } from "./tracking-rows.js";
import { SETTLED, type Watch, Watchers } from "./watch.js";

/** What one choice is to heed. */
export interface RouteOptions extends CandidateOptions, KeyOptions {
  /** Ends the lease when it aborts. */
  signal?: AbortSignal | undefined;
  /** Whether `lease.decision.candidates` is to have every candidate's match and score. Default: false, which costs nothing. */
  explain?: boolean;
}

/** What one choice is to heed, and how long it may wait. */
export interface AcquireOptions extends RouteOptions {
  /** The longest wait in milliseconds. Default: the router's `queueTimeoutMs`. */
  timeoutMs?: number;
  /**
   * A lease that the replica rejected, to put its request back: it keeps its place before those that came later, waits for the
   * backoff first (0, 25, 50, 100, 200, 400, 500 ms …), and is chosen for anew.
   */
  retryOf?: Lease;
}

/** What a replica says of its load. */
export interface LoadReport {
  /** Requests that it works on, this router's among them. */
  running: number;
  /** Requests that wait in it. */
  waiting: number;
  /** Share of its KV cache in use, 0 to 1. */
  kvUsage?: number | null;
  /** When that was so, in seconds by the router's clock; up to a minute ahead of it counts as now. Default: now. */
  at?: number;
}

/** Ids of the replicas that a change has brought and taken. */
export interface ReplicasUpdate {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Chooses a replica for each request, by a policy, and keeps count of what is under way where. It sends nothing itself.
 * Same options, seed, times and requests: same decisions, on every runtime.
 */
export class Router {
  readonly #set: ReplicaSet;
  readonly #ground: LeaseGround;
  readonly #reader: KeyReader;
  readonly #dispatcher: Dispatcher;
  readonly #admission: Admission;
  readonly #queueTimeoutMs: number;
  readonly #random: Random;
  readonly #options: RouterOptions;
  /** As the user gave it, so that no watch hears of it. */
  readonly #clock: () => number;
  readonly #repeater: Repeater;
  /** When the policy last heard of its replicas. */
  #changedS = 0;
  readonly #watchers: Watchers;
  #replicas: readonly Replica[] = [];

  /** @throws TypeError or RangeError that names the option, its value and what is accepted. */
  constructor(options: RouterOptions) {
    checkOptions(options);
    const settings = settingsOf(options);
    const { seed = 0, insertAt = "choice", rendering = "structured" } = options;
    const clock = checkedClock(options.clock);
    this.#clock = clock;
    this.#repeater = new Repeater(settings.timers, (work) => this.#repeated(work));
    const every: PolicyEnvironment["every"] = (seconds, work) => this.#repeater.every(seconds, work);
    this.#random = new Random(seed);
    const policy = makePolicy(options, { random: this.#random, insertAt, every, tree: options.tree });
    this.#set = new ReplicaSet(settings.loadValidSecs);
    this.#ground = {
      policy,
      clock,
      watch: null,
      idleLimit:
        settings.leaseIdleSecs === Number.POSITIVE_INFINITY
          ? null
          : new IdleLimit(settings.leaseIdleSecs, clock, settings.timers),
      forgotten: watchForgotten(settings.onForgottenLease),
      disposed: false,
      freed: (replica) => this.#admission.freed(replica),
    };
    this.#reader = new KeyReader(rendering, insertAt === "accept" || typeof options.policy !== "string");
    this.#dispatcher = new Dispatcher(this.#set, this.#ground, options.locality ?? null, settings.explainEvery);
    this.#admission = new Admission(this.#set, this.#dispatcher, settings);
    this.#queueTimeoutMs = settings.queueTimeoutMs;
    this.#options = options;
    this.#watchers = new Watchers((watch) => this.#watched(watch, clock));
    this.updateReplicas(options.replicas);
  }

  /** The replicas, in the order in which they were given. A list of its own after each change. */
  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** The policy's name. */
  get policy(): string {
    return this.#ground.policy.name;
  }

  /** The policy's tree; null for a policy without one. Unless it was given, it belongs to the router: look, do not change. */
  get tree(): PrefixTree | null {
    return this.#ground.policy.tree;
  }

  /** Leases that have not ended, those on removed replicas too. */
  get leases(): number {
    return this.#set.leases;
  }

  /** Requests that wait for a place. */
  get waiting(): number {
    return this.#admission.waiting;
  }

  /**
   * Chooses a replica at once, and holds a place on it until the lease ends.
   * @param request a text, or a parsed body (see `RouteRequest`); what cannot be read counts as empty.
   * @throws NoReplicaError when no replica that may serve the request has room. O(text + replicas).
   */
  route(request: RouteRequest, options: RouteOptions = NO_OPTIONS): Lease {
    this.#live();
    checkRoute(options);
    throwIfAborted(options.signal);
    const origin = this.#admission.arrive();
    const { watch } = this.#ground;
    if (watch === null) return this.#route(request, options, origin, null);
    const key = this.#reader.read(request, options);
    watch({ what: "arrived", call: "route", origin, key, request, options });
    try {
      return this.#route(request, options, origin, key);
    } catch (error) {
      watch({ what: "left", origin, error });
      throw error;
    } finally {
      watch(SETTLED);
    }
  }

  /**
   * As `route`, but waits while no replica that may serve the request has room, or there is no replica yet. Never waits when a
   * replica has room, but for the backoff of a request that is put back.
   * @returns a promise that rejects with `QueueFullError` when `maxQueuedRequests` wait already, `QueueTimeoutError` after
   * `timeoutMs`, `NoReplicaError` when there are replicas and none may ever serve the request, and the signal's reason.
   */
  async acquire(request: RouteRequest, options: AcquireOptions = NO_OPTIONS): Promise<Lease> {
    return this.acquireSoon(request, options);
  }

  /** @internal As `acquire`, but throws at once and gives the lease at once where it need not wait: a promise costs more than a decision. */
  acquireSoon(request: RouteRequest, options: AcquireOptions): Lease | Promise<Lease> {
    this.#live();
    checkRoute(options);
    const { signal, timeoutMs = this.#queueTimeoutMs, retryOf, explain = false } = options;
    throwIfAborted(signal);
    const origin = retryOf === undefined ? this.#admission.arrive() : RouterLease.takeBack(retryOf, this.#ground);
    const wanted = wantedOf(true, request, options);
    const key = this.#reader.read(request, options);
    const { watch } = this.#ground;
    watch?.({ what: "arrived", call: "acquire", origin, key, request, options });
    try {
      return this.#admission.admit({ key, wanted, signal, timeoutMs, explain, origin });
    } finally {
      watch?.(SETTLED);
    }
  }

  /**
   * What `acquire` would do with the request now. Nothing comes of it: neither a lease nor a trace in the policy, its tree, its chance or a
   * journal. (Only that a tree with `ttlSecs` hears of the time: what has outlived it goes now, not at the next request.) O(text + replicas).
   * @throws NoReplicaError or QueueFullError, as `acquire` rejects; NoPreviewError for a policy of one's own without `preview`.
   */
  preview(request: RouteRequest, options: RouteOptions = NO_OPTIONS): Preview {
    this.#live();
    checkRoute(options);
    throwIfAborted(options.signal);
    const key = this.#reader.read(request, options);
    const wanted = wantedOf(true, request, options);
    const ground = { set: this.#set, dispatcher: this.#dispatcher, admission: this.#admission };
    return this.#random.peek(() => previewOf(ground, key, wanted, this.#clock()));
  }

  /**
   * Makes these the replicas: adds, removes, changes limits and all else but the id. A replica whose id stays keeps its leases and
   * texts. A list of `replicas` is taken, too. Leases on a removed one go on until they end; a request that waits for it is meant for another one from now on.
   * @throws TypeError or RangeError that names what is wrong; nothing changes. O(replicas + nodes of those removed).
   */
  updateReplicas(replicas: readonly ReplicaOptions[]): ReplicasUpdate {
    this.#live();
    const list = readReplicas(replicas);
    const difference = this.#set.difference(list);
    const added = difference.added.map(({ id }) => id);
    const removed = difference.removed.map(({ id }) => id);
    const { policy, clock, watch } = this.#ground;
    watch?.({ what: "replicas", list });
    try {
      if (difference.reordered) {
        this.#changedS = clock();
        policy.onReplicasChanged?.({ replicas: difference.replicas, added, removed, timeS: this.#changedS });
      }
      this.#set.change(difference, list);
      this.#replicas = Object.freeze([...difference.replicas]);
      this.#admission.replicasChanged();
    } finally {
      watch?.(SETTLED);
    }
    return { added, removed };
  }

  /**
   * The replica's cache is empty, since it has died or begun anew: what it has been sent is forgotten, as if it had been removed and
   * added again. Its leases stay. O(replicas + nodes of it).
   * @returns false, without effect, for a replica that the router has not.
   */
  forget(replica: string | Replica): boolean {
    this.#live();
    const id = typeof replica === "string" ? replica : replica.id;
    if (this.#set.get(id) === undefined) return false;
    const list = this.#list();
    this.updateReplicas(list.filter((each) => each.id !== id));
    this.updateReplicas(list);
    return true;
  }

  /** Looks again for places for all that wait: to be called when a set given as `exclude` has changed. */
  reconsider(): void {
    this.#live();
    if (this.waiting > 0) this.updateReplicas(this.#list());
  }

  /**
   * What a replica says of its load (`vllm:num_requests_running`, `…_waiting`, `vllm:kv_cache_usage_perc`): what it has beyond this
   * router's leases counts in `Replica.load` for `loadValidSecs`; after that the load is unknown, never none.
   * @returns false, without effect, for a replica that the router has not, and for a report older than the last.
   * @throws RangeError for a time farther ahead, milliseconds for example: no later report would be newer.
   */
  setLoad(replica: string | Replica, report: LoadReport): boolean {
    this.#live();
    checkLoad(report);
    const known = this.#set.get(typeof replica === "string" ? replica : replica.id);
    const nowS = this.#clock();
    const { running, waiting, kvUsage = null, at = nowS } = report;
    checkReportTime(at, nowS);
    const atS = Math.min(at, nowS);
    const load = { running, waiting, kvUsage };
    if (known === undefined || !known.reportedLoad(load, atS, nowS)) return false;
    const { watch } = this.#ground;
    watch?.({ what: "load", replica: known.id, load, atS });
    watch?.(SETTLED);
    return true;
  }

  /**
   * Writes down all that comes to the router, and what came of it, for `replay`: from the first request on, if it is to give the very
   * same decisions. Costs nothing while there is none; of a request nothing is kept.
   * @param write is given one line of JSON Lines at a time, with its line feed. It must not call the router; what it throws ends the journal.
   */
  record(write: (line: string) => void, options: RecordOptions = {}): Recording {
    this.#live();
    checkRecord(write, options);
    const state = {
      options: this.#options,
      policy: this.policy,
      replicas: this.replicas,
      // What is in a tree that is shared comes from other routers too.
      whole: this.#admission.arrivals === 0 && this.#options.tree === undefined,
      startS: this.#changedS,
    };
    return startRecording(this.#watchers, write, state, options);
  }

  /**
   * Tracks what happens: load of every replica, characters of the tree, decisions with the replica intended and the one given, stages,
   * ends, evictions. Costs nothing while nobody does.
   * @param observe is given one row at a time. It must not call the router; what it throws ends the tracking.
   */
  observe(observe: (row: TrackingRow) => void, options: ObserveOptions = {}): Observation {
    this.#live();
    checkObserve(observe, options);
    const { timers = realTimers } = this.#options;
    return startObserving(this.#watchers, this, observe, { clock: this.#clock, timers }, options);
  }

  /** @internal Until what it returns is called. */
  watch(watch: Watch): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.remove(watch);
  }

  /** Ends the policy's eviction loop, lets its tree go and turns away who waits. Leases still end; all else throws a `TypeError`. */
  [Symbol.dispose](): void {
    if (this.#ground.disposed) return;
    this.#ground.disposed = true;
    this.#ground.forgotten?.watchAll();
    this.#repeater.stop();
    this.#admission.close(new TypeError("Router used after dispose"));
    this.#ground.policy.dispose?.();
    this.#ground.watch?.({ what: "disposed" });
  }

  #route(request: RouteRequest, options: RouteOptions, origin: Origin, read: Key | null): Lease {
    const wanted = wantedOf(this.#set.someHaveModel, request, options);
    const selection = this.#dispatcher.candidates(wanted, 0);
    if (selection.replicas.length === 0) throw new NoReplicaError(this.#set.all.length, selection.excluded);
    const key = read ?? this.#reader.read(request, options);
    const { signal, explain = false } = options;
    return this.#dispatcher.place({ key, signal, explain }, selection, origin, false) as Lease;
  }

  #list(): ReplicaOptions[] {
    return this.#replicas.map(({ options }) => options);
  }

  #repeated(work: (timeS: number) => void): void {
    const { watch, clock } = this.#ground;
    watch?.({ what: "swept" });
    try {
      work(clock());
    } catch (error) {
      console.error(error);
    } finally {
      watch?.(SETTLED);
    }
  }

  /** The watch hears of every time that is read, since a decision may depend on it. */
  #watched(watch: Watch | null, clock: () => number): void {
    this.#ground.watch = watch;
    this.#ground.clock =
      watch === null
        ? clock
        : () => {
            const timeS = clock();
            watch({ what: "read", timeS });
            return timeS;
          };
  }

  #live(): void {
    if (this.#ground.disposed) throw new TypeError("Router used after dispose");
  }
}
