import type { Lease, Replica, Router } from "../routing/index.js";
import { type Failure, saysDead } from "./failures.js";
import { Member } from "./member.js";
import type { Naming } from "./naming.js";
import { checkReplicaUrl } from "./replica-url.js";
import { RetryBudget } from "./retry-budget.js";
import type { Settings } from "./settings.js";

/** Why a replica's texts were forgotten. */
export type ForgetCause = "refused" | "ejected" | "unhealthy" | "cold_cache";

/** Hears of what becomes of replicas. */
export interface FleetListener {
  forgot(model: string, replica: string, cause: ForgetCause): void;
  ejected(model: string, replica: string): void;
  left(model: string, replica: string): void;
}

/** The longest `Retry-After` of a replica that is heeded. */
const LONGEST_REST_S = 60;

/** The replicas of one router, with what the gateway knows of each: which of them may be sent requests now. */
export class Fleet {
  /** The model that the router is for; "" when it is for all. */
  readonly model: string;
  readonly router: Router;
  /** Ids of those that may not be sent anything; changes as they do. */
  readonly unavailable: ReadonlySet<string>;
  budget: RetryBudget;
  /** By which names the model is asked for and served; null where it has but its own. */
  naming: Naming | null;
  readonly #unavailable = new Set<string>();
  readonly #members = new Map<string, Member>();
  readonly #inherited = new Map<string, Member>();
  readonly #listener: FleetListener;
  #settings: Settings;
  #seen: readonly Replica[] | null = null;
  /** When the last of those at rest is through. */
  #restsUntilS = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @param former of another router for the same model, whose place this one takes: what it knows of replicas stays known. */
  constructor(model: string, router: Router, settings: Settings, listener: FleetListener, former?: Fleet) {
    this.model = model;
    this.router = router;
    this.unavailable = this.#unavailable;
    this.#settings = settings;
    this.#listener = listener;
    this.naming = namingOf(model, settings);
    this.budget = new RetryBudget(settings.retries.budget);
    if (former !== undefined) this.#inherit(former);
    this.#sync();
  }

  /** Those of the router's replicas now, in its order. */
  get members(): readonly Member[] {
    this.#sync();
    return [...this.#members.values()];
  }

  member(id: string): Member | undefined {
    this.#sync();
    return this.#members.get(id);
  }

  /** Whether some replica may be sent requests. */
  get ready(): boolean {
    return this.members.some(({ id }) => !this.#unavailable.has(id));
  }

  /** Seconds until the first that is left alone is tried again; null when there is none. */
  get nextTryS(): number | null {
    const nowS = this.#settings.clock();
    const waits = this.members.flatMap(({ breaker }) => breaker?.opensInS(nowS) ?? []);
    return waits.length === 0 ? null : Math.min(...waits);
  }

  /** Takes new options: breakers and budgets begin anew where theirs have changed. */
  configure(settings: Settings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.naming = namingOf(this.model, settings);
    if (settings.retries.budget !== before.retries.budget) this.budget = new RetryBudget(settings.retries.budget);
    for (const member of this.members) {
      this.#adjust(member, before);
      this.#refresh(member);
    }
  }

  /** Ids of those that must not be chosen: unavailable, and tried. The live set of the former where there are no others. */
  excluding(tried: ReadonlySet<string>): ReadonlySet<string> {
    this.#sync();
    return tried.size === 0 ? this.#unavailable : new Set([...this.#unavailable, ...tried]);
  }

  /** Ids of those that are at rest by their own word. */
  get resting(): readonly string[] {
    const nowS = this.#settings.clock();
    if (nowS >= this.#restsUntilS) return [];
    return [...this.#members.values()].filter((each) => each.restsUntilS > nowS).map(({ id }) => id);
  }

  /** A request is sent; null when its replica may not be sent any after all, since the choice waited meanwhile. */
  begin(lease: Lease): Attempt | null {
    const member = this.member(lease.replica.id);
    if (member === undefined || this.#unavailable.has(member.id)) return null;
    const probe = member.breaker?.begin(this.#settings.clock()) ?? false;
    if (probe) this.#refresh(member);
    member.requests++;
    return new Attempt(this, member, probe);
  }

  drain(id: string, draining: boolean): boolean {
    const member = this.member(id);
    if (member === undefined) return false;
    member.draining = draining;
    this.#refresh(member);
    return true;
  }

  /** What an active check has found. */
  checked(member: Member, well: boolean): void {
    const { health } = this.#settings;
    if (health === null || this.#members.get(member.id) !== member) return;
    const before = member.healthy;
    member.checked(well, health);
    if (before && !member.healthy) this.forget(member, "unhealthy");
    // Who has come back by the checks need not wait for the breaker.
    if (!before && member.healthy) member.breaker?.reset();
    if (before !== member.healthy) this.#refresh(member);
  }

  /** What the replica has been sent is gone: it begins with an empty cache. */
  forget(member: Member, cause: ForgetCause): void {
    if (member.clean || this.#closed) return;
    member.clean = true;
    member.cold = 0;
    // The member stays the same while the router takes its replica out and in again.
    if (this.#ask((router) => router.forget(member.id))) this.#listener.forgot(this.model, member.id, cause);
    this.#sync();
  }

  close(): void {
    this.#closed = true;
    for (const member of this.#members.values()) this.#disarm(member);
  }

  /** @internal */
  answered(member: Member): void {
    // A text that was rejected is taken back; what is answered stays.
    member.clean = false;
    member.breaker?.answered(this.#settings.clock());
    this.#refresh(member);
  }

  /** @internal */
  failed(member: Member, failure: Failure | number): void {
    if (typeof failure === "string" && saysDead(failure)) this.forget(member, "refused");
    if (member.breaker?.failed(this.#settings.clock())) {
      this.#listener.ejected(this.model, member.id);
      this.forget(member, "ejected");
    }
    this.#refresh(member);
  }

  /** @internal */
  rested(member: Member, seconds: number): void {
    member.restsUntilS = this.#settings.clock() + Math.min(seconds, LONGEST_REST_S);
    this.#restsUntilS = Math.max(this.#restsUntilS, member.restsUntilS);
  }

  /** @internal */
  refresh(member: Member): void {
    this.#refresh(member);
  }

  /** Its members wait for the router to have their replicas. */
  #inherit(former: Fleet): void {
    if (former.#settings.retries.budget === this.#settings.retries.budget) this.budget = former.budget;
    for (const member of former.members) {
      this.#adjust(member, former.#settings);
      this.#inherited.set(member.id, member);
    }
    former.close();
  }

  #adjust(member: Member, before: Settings): void {
    const { breaker, health } = this.#settings;
    if (JSON.stringify(breaker) !== JSON.stringify(before.breaker)) member.protect(breaker);
    if (health === null) member.healthy = true;
  }

  /** The router's replicas may have been changed by its owner. */
  #sync(): void {
    const { replicas } = this.router;
    if (replicas === this.#seen) return;
    this.#seen = replicas;
    const ids = new Set(replicas.map(({ id }) => id));
    for (const member of this.#members.values()) {
      if (ids.has(member.id)) continue;
      this.#members.delete(member.id);
      this.#unavailable.delete(member.id);
      this.#disarm(member);
      this.#listener.left(this.model, member.id);
    }
    const known = this.router.tree?.tenantToCharCount;
    for (const { id, url } of replicas) {
      if (this.#members.has(id)) continue;
      const inherited = this.#inherited.get(id);
      const member = inherited ?? new Member(id, this.#settings.breaker);
      // A tree that was filled from a snapshot or another router's.
      if ((known?.get(id) ?? 0) > 0) member.clean = false;
      member.reachable = true;
      try {
        checkReplicaUrl(id, url);
      } catch (error) {
        // Its owner has changed the router; nobody else is there to be told.
        console.error(error);
        member.reachable = false;
        this.#unavailable.add(id);
      }
      this.#members.set(id, member);
      if (inherited !== undefined) this.#refresh(inherited);
    }
    if (replicas.length === 0) return;
    for (const id of this.#inherited.keys()) if (!ids.has(id)) this.#listener.left(this.model, id);
    // One that comes later is another one.
    this.#inherited.clear();
  }

  #refresh(member: Member): void {
    if (this.#closed || this.#members.get(member.id) !== member) return;
    const nowS = this.#settings.clock();
    const usable = member.reachable && member.healthy && !member.draining && (member.breaker?.allows(nowS) ?? true);
    this.#arm(member, nowS);
    if (!usable) this.#unavailable.add(member.id);
    else if (this.#unavailable.delete(member.id)) this.#ask((router) => router.reconsider());
  }

  /** A router that its owner has disposed of has nothing to forget, and nobody waits in it. */
  #ask<Result>(question: (router: Router) => Result): Result | undefined {
    try {
      return question(this.router);
    } catch (error) {
      console.error(error);
      return undefined;
    }
  }

  /** So that an open breaker is half open once its time is over, for those who wait. */
  #arm(member: Member, nowS: number): void {
    const waitS = member.breaker?.opensInS(nowS) ?? null;
    if (waitS === null || member.timer !== null) return;
    const { timers } = this.#settings;
    member.timer = timers.setTimeout(
      () => {
        member.timer = null;
        this.#refresh(member);
      },
      Math.ceil(waitS * 1000),
    );
    (member.timer as { unref?: () => void }).unref?.();
  }

  #disarm(member: Member): void {
    if (member.timer !== null) this.#settings.timers.clearTimeout(member.timer);
    member.timer = null;
  }
}

function namingOf(model: string, { models }: Settings): Naming | null {
  return models.get(model)?.naming ?? null;
}

/** One request on one replica, for what it tells of the replica. */
export class Attempt {
  readonly member: Member;
  readonly #fleet: Fleet;
  #probe: boolean;

  constructor(fleet: Fleet, member: Member, probe: boolean) {
    this.#fleet = fleet;
    this.member = member;
    this.#probe = probe;
  }

  /** The first byte of an answer has come. */
  answered(): void {
    this.#probed();
    this.#fleet.answered(this.member);
  }

  /** All of an answer has come. */
  succeeded(): void {
    this.#probed();
    this.member.breaker?.succeeded();
    this.#fleet.refresh(this.member);
  }

  failed(failure: Failure | number): void {
    this.#probed();
    this.#fleet.failed(this.member, failure);
  }

  /** The replica has asked to be left alone for a while; it is chosen only where no other is. */
  rested(seconds: number): void {
    this.#fleet.rested(this.member, seconds);
  }

  /** Nothing is learned: the client left, or the answer says nothing of the replica's health. */
  abandoned(): void {
    this.#probed();
    this.#fleet.refresh(this.member);
  }

  #probed(): void {
    if (!this.#probe) return;
    this.#probe = false;
    this.member.breaker?.probed();
  }
}
