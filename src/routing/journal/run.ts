import type { Origin } from "../hold.js";
import type { Lease } from "../lease.js";
import type { RouterOptions } from "../options.js";
import { Key } from "../request-key.js";
import { type RouteOptions, Router } from "../router.js";
import type { RouterEvent } from "../watch.js";
import { standInText, standInTokens } from "./block-hashes.js";
import {
  type JournalEvent,
  type JournalHeader,
  type JournalLease,
  RECORDED_OPTIONS,
  type RequestEvent,
  recordedOptions,
} from "./format.js";
import { Tally } from "./tally.js";
import { VirtualTime } from "./virtual-time.js";

/** Rejected leases that are remembered, since their requests may be put back. */
const MOST_REJECTED = 65_536;

/** What a replay changes of the recorded router, besides its policy's own options. */
export type RunOptions = Partial<RouterOptions> & { readonly cacheChars?: number };

/** A lease as a journal tells it, and as the replay has it; null where it has none. */
export interface Difference {
  readonly line: number;
  readonly request: number;
  readonly recorded: { readonly replica: string; readonly reason: string } | null;
  readonly replayed: { readonly replica: string; readonly reason: string } | null;
}

/** One router to which all that the journal tells happens again. */
export class Run {
  readonly tally: Tally;
  readonly policy: string;
  readonly blockChars: number;
  requests = 0;
  /** Decisions that were as recorded: the replica, and its reason too. */
  sameReplica = 0;
  same = 0;
  firstDifference: Difference | null = null;
  fromS: number | null = null;
  readonly #router: Router;
  readonly #time: VirtualTime;
  /** Live leases, and how to end the wait of those that have none yet. */
  readonly #leases = new Map<string, Lease>();
  readonly #waits = new Map<string, { readonly controller: AbortController; backoff: unknown }>();
  /** What the journal calls a request and its try. */
  readonly #names = new WeakMap<Origin, Named>();
  #arriving: Named | null = null;
  readonly #rejected = new Map<number, Lease>();
  #made: JournalLease[] = [];
  /** The timer of the policy's loop; null when it has none. */
  #loop: unknown;
  /** Whether the loop runs as the recorded one did. */
  readonly #loopAsRecorded: boolean;

  /** @throws TypeError or RangeError as `Router`. */
  constructor(header: JournalHeader, { cacheChars = Number.POSITIVE_INFINITY, ...options }: RunOptions) {
    this.blockChars = header.blockChars ?? 0;
    this.#time = new VirtualTime(header.t);
    this.tally = new Tally(cacheChars);
    const { clock, timers } = this.#time;
    const recorded = optionsFor(header, options.policy);
    // Undefined counts as not given. (What is no option at all is for the router to refuse.)
    const given = Object.entries(options).filter(
      ([name, value]) => value !== undefined || !Object.hasOwn(recorded, name),
    );
    const all = { ...recorded, ...Object.fromEntries(given) } as unknown as RouterOptions;
    this.#router = new Router({ ...all, replicas: header.replicas, clock, timers, onForgottenLease: () => {} });
    this.#loop = this.#time.last;
    const { doEviction, evictionIntervalSecs } = header.options;
    this.#loopAsRecorded =
      doEviction === true && evictionIntervalSecs === (all.evictionIntervalSecs ?? evictionIntervalSecs);
    this.policy = this.#router.policy;
    this.tally.replicasAre(
      header.replicas.map(({ id }) => id),
      header.t,
    );
    this.#router.watch((event) => this.#heard(event));
  }

  get nowS(): number {
    return this.#time.nowS;
  }

  take(event: JournalEvent, line: number): void {
    const { t } = event;
    if (t !== undefined) {
      const timeS = typeof t === "number" ? t : t[0]!;
      this.fromS ??= timeS;
      if (this.#loop !== null && !this.#loopAsRecorded) this.#loop = this.#time.fireUntil(this.#loop, timeS);
    }
    this.#time.set(t);
    this.#made = [];
    this.#do(event);
    this.#compare(event.to ?? [], line);
  }

  dispose(): void {
    for (const { controller } of this.#waits.values()) controller.abort();
    this.#router[Symbol.dispose]();
    this.tally.dispose();
  }

  #do(event: JournalEvent): void {
    const router = this.#router;
    switch (event.do) {
      case "route":
      case "acquire":
        this.#request(event);
        return;
      case "accept":
        this.#leases.get(nameOf(event))?.accept();
        return;
      case "first":
        this.#leases.get(nameOf(event))?.firstToken();
        return;
      case "end": {
        const lease = this.#leases.get(nameOf(event));
        if (lease === undefined) this.#leave(nameOf(event));
        else if (event.how === "rejected") {
          lease.reject(event.queueLength === undefined ? {} : { queueLength: event.queueLength });
        } else {
          const { ttftMs, cachedTokens, promptTokens, completionTokens, error, how } = event;
          const failed = error === true || how !== "released";
          lease.release({ ttftMs, cachedTokens, promptTokens, completionTokens, error: failed ? how : undefined });
        }
        return;
      }
      case "back":
        this.#time.fire(this.#waits.get(nameOf(event))?.backoff);
        return;
      case "leave":
        this.#leave(nameOf(event));
        return;
      case "replicas":
        router.updateReplicas(event.list);
        this.tally.replicasAre(
          event.list.map(({ id }) => id),
          this.#time.nowS,
        );
        return;
      case "load": {
        const { replica, running, waiting, kvUsage = null, at } = event;
        // Only what was taken is in the journal; the clock that it was compared with is not.
        this.#time.during(at, () => void router.setLoad(replica, { running, waiting, kvUsage, at }));
        return;
      }
      case "sweep":
        if (!this.#loopAsRecorded || this.#loop === null) return;
        this.#time.fire(this.#loop);
        this.#loop = this.#time.last;
    }
  }

  #request(event: RequestEvent): void {
    const { id, exclude, labels, model } = event;
    const key = keyOf(event, this.blockChars);
    const options = {
      ...(exclude !== undefined && { exclude: new Set(exclude) }),
      ...(labels !== undefined && { labels }),
      ...(model !== undefined && { model }),
    };
    this.#arriving = { id, attempt: event.try ?? 0, name: nameOf(event) };
    if (event.try === undefined) this.requests++;
    this.#ask(event, key, options);
    // Of one that was refused then nothing tells how long it would have lasted: it gives its place back at once.
    if (event.refused) {
      this.#leases.get(nameOf(event))?.release();
      this.#leave(nameOf(event));
    }
  }

  #ask(event: RequestEvent, key: Key, options: RouteOptions): void {
    if (event.do === "route") {
      try {
        this.#router.route(key as never, options);
      } catch {
        // The watch has heard of it.
      }
      return;
    }
    const name = nameOf(event);
    const controller = new AbortController();
    const retryOf = this.#rejected.get(event.id);
    this.#rejected.delete(event.id);
    const wait = { controller, backoff: null as unknown };
    this.#waits.set(name, wait);
    this.#time.last = null;
    const { signal } = controller;
    const again = retryOf !== undefined && { retryOf };
    this.#router
      .acquire(key as never, { ...options, signal, timeoutMs: Number.POSITIVE_INFINITY, ...again })
      .catch(() => {});
    wait.backoff = this.#time.last;
    if (this.#waits.has(name) && !this.#leases.has(name)) this.tally.waited++;
  }

  /** The request gives up its wait; or, if it has been given a place that the recorded router had not, the place. */
  #leave(name: string): void {
    this.#waits.get(name)?.controller.abort(new Error("as recorded"));
  }

  #heard(event: RouterEvent): void {
    switch (event.what) {
      case "arrived":
        this.#names.set(event.origin, this.#arriving!);
        return;
      case "leased": {
        const { lease, hold } = event;
        const { id, attempt, name } = this.#names.get(hold.origin)!;
        const { replica, reason } = lease.decision;
        this.#leases.set(name, lease);
        this.#made.push([id, attempt, replica, reason]);
        this.tally.leased(hold, reason, this.#router.replicas);
        return;
      }
      case "ended": {
        const { id, name } = this.#names.get(event.hold.origin)!;
        const lease = this.#leases.get(name)!;
        this.tally.ended(event.hold, event.report);
        this.#leases.delete(name);
        this.#waits.delete(name);
        if (event.hold.end === "rejected") this.#keepRejected(id, lease);
        return;
      }
      case "left":
        this.tally.gone(event.error);
        this.#waits.delete(this.#names.get(event.origin)!.name);
    }
  }

  #keepRejected(id: number, lease: Lease): void {
    this.#rejected.set(id, lease);
    if (this.#rejected.size <= MOST_REJECTED) return;
    for (const oldest of this.#rejected.keys()) {
      this.#rejected.delete(oldest);
      return;
    }
  }

  /** Compares the leases that an event led to with those that it led to when it was recorded. */
  #compare(recorded: readonly JournalLease[], line: number): void {
    const made = this.#made;
    for (let i = 0; i < Math.max(recorded.length, made.length); i++) {
      const before = recorded[i];
      const now = made.find(([id, attempt]) => id === before?.[0] && attempt === before[1]) ?? null;
      if (before !== undefined && now?.[2] === before[2]) {
        this.sameReplica++;
        if (now[3] === before[3]) {
          this.same++;
          continue;
        }
      }
      const other = before === undefined ? made[i]! : now;
      this.firstDifference ??= {
        line,
        request: (before ?? made[i])![0],
        recorded: before === undefined ? null : { replica: before[2], reason: before[3] },
        replayed: other === null ? null : { replica: other[2], reason: other[3] },
      };
    }
  }
}

interface Named {
  readonly id: number;
  readonly attempt: number;
  readonly name: string;
}

function nameOf({ id, try: attempt = 0 }: { readonly id: number; readonly try?: number }): string {
  return `${id}.${attempt}`;
}

/** What a request is matched by; of hashes, by what stands for it. */
function keyOf(event: RequestEvent, blockChars: number): Key {
  const { text, tokens, blocks, chars, ids, opening, ns = "", session = null } = event;
  if (tokens !== undefined) return new Key(ns, "", tokens, "", session);
  if (blocks === undefined) return new Key(ns, text ?? "", null, opening ?? text ?? "", session);
  if (ids) return new Key(ns, "", standInTokens(blocks, chars!, blockChars), "", session);
  return new Key(ns, standInText(blocks, chars!, blockChars), null, opening ?? "", session);
}

/** The options of the recorded router; those of its policy only for that policy. */
function optionsFor(header: JournalHeader, policy: unknown): Record<string, unknown> {
  const { options, own } = header;
  const recorded = recordedOptions(header);
  if (policy === undefined) {
    if (own) throw new TypeError(`the journal is of a policy of one's own, ${options.policy}: policy must be given`);
    return recorded;
  }
  if (policy === options.policy && !own) return recorded;
  return Object.fromEntries(Object.entries(recorded).filter(([name]) => RECORDED_OPTIONS.includes(name as never)));
}
