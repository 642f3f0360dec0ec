import type { ForgottenLeases } from "./forgotten.js";
import type { IdleLimit } from "./idle-limit.js";
import type { LeaseEnd, LeaseReport } from "./lease.js";
import { checkQueueLength, checkReport } from "./lease-report.js";
import type { Policy, ReleaseReport, Route } from "./policies/policy.js";
import type { Replica } from "./replica.js";
import type { Key } from "./request-key.js";
import { reasonOf, stopListening } from "./signals.js";
import { SETTLED, type Watch } from "./watch.js";

/** What all leases of one router share. */
export interface LeaseGround {
  readonly policy: Policy;
  /** Tells the watch too, while there is one. */
  clock: () => number;
  watch: Watch | null;
  readonly idleLimit: IdleLimit | null;
  readonly forgotten: ForgottenLeases | null;
  /** Once the router is disposed of, the policy hears of nothing more. */
  disposed: boolean;
  /** A place is free, and the policy knows. */
  freed(replica: Replica): void;
}

/** A request that gets a lease. */
export interface Routed {
  readonly key: Key;
  readonly signal: AbortSignal | undefined;
}

/** Where a request stands that has been put back. */
export interface Origin {
  /** Of the try before this one, that was rejected; null of a first one. */
  readonly after: Origin | null;
  /** Requests before it, by when they came first. */
  readonly arrival: number;
  readonly rejections: number;
}

/**
 * What the router keeps of a lease. It knows nothing of the object that the caller holds, whose collection as garbage it
 * would prevent.
 */
export class Hold implements Route {
  readonly replica: Replica;
  readonly key: Key;
  readonly timeS: number;
  readonly origin: Origin;
  memo: unknown = null;
  accepted = false;
  end: LeaseEnd | null = null;
  /** Whether its request was put back after a rejection. */
  putBack = false;
  /** Its place among the leases that are not watched yet (`ForgottenLeases`). */
  young: number | null = null;
  readonly #ground: LeaseGround;
  readonly #signal: AbortSignal | undefined;
  #begun = false;
  #abortedBefore = false;
  #firstTokenS: number | null = null;

  /**
   * All that may fail is done before anything counts.
   * @throws what the policy, the clock, the timers or the signal throw; then there is no lease.
   */
  constructor(ground: LeaseGround, { key, signal }: Routed, replica: Replica, timeS: number, origin: Origin) {
    this.replica = replica;
    this.key = key;
    this.timeS = timeS;
    this.origin = origin;
    this.#ground = ground;
    this.#signal = signal;
    const { policy, idleLimit } = ground;
    try {
      idleLimit?.sign(this);
      signal?.addEventListener("abort", this, { once: true });
      policy.onRouted?.(this);
    } catch (error) {
      idleLimit?.forget(this);
      stopListening(signal, this);
      throw error;
    }
    replica.leased();
  }

  isOf(ground: LeaseGround): boolean {
    return this.#ground === ground;
  }

  /** To be called once everybody knows of the lease: it ends at once if its signal has aborted while it was made. */
  begin(): void {
    this.#begun = true;
    if (this.#abortedBefore) this.handleEvent();
  }

  /** Of the signal. */
  handleEvent(): void {
    if (this.#begun) this.#finishUnasked("aborted", reasonOf(this.#signal!));
    else this.#abortedBefore = true;
  }

  idle(): void {
    this.#finishUnasked("idle", new Error(`the lease was idle for ${this.#ground.idleLimit!.seconds} s`));
  }

  forgotten(): void {
    this.#finishUnasked("forgotten", new Error("the lease was never released"));
  }

  accept(): void {
    if (this.end !== null || this.accepted) return;
    const { idleLimit, watch, disposed, policy } = this.#ground;
    idleLimit?.sign(this);
    this.accepted = true;
    watch?.({ what: "accepted", hold: this });
    try {
      if (!disposed) policy.onAccepted?.(this);
    } finally {
      this.key.forget();
      watch?.(SETTLED);
    }
  }

  reject(queueLength: number | undefined): void {
    if (this.end !== null) return;
    if (this.accepted) throw new Error(`replica ${JSON.stringify(this.replica.id)} has accepted the request already`);
    checkQueueLength(queueLength);
    this.#finish("rejected", {}, queueLength);
  }

  firstToken(): void {
    if (this.end !== null || this.#firstTokenS !== null) return;
    this.accept();
    const { watch, clock, disposed, policy } = this.#ground;
    watch?.({ what: "firstToken", hold: this });
    try {
      const timeS = clock();
      this.touch();
      this.#firstTokenS = timeS;
      if (!disposed) policy.onFirstToken?.(this, timeS);
    } finally {
      watch?.(SETTLED);
    }
  }

  touch(): void {
    if (this.end === null) this.#ground.idleLimit?.sign(this);
  }

  release(report: LeaseReport | undefined): void {
    if (this.end === "released") {
      throw new Error(`the lease on replica ${JSON.stringify(this.replica.id)} has been released already`);
    }
    if (this.end !== null) return;
    if (report !== undefined) checkReport(report);
    this.#finish("released", report ?? NOTHING);
  }

  /** Nobody is there to catch what a policy throws. */
  #finishUnasked(end: LeaseEnd, error: unknown): void {
    try {
      this.#finish(end, { error });
    } catch (thrown) {
      console.error(thrown);
    }
  }

  /** Frees the place first, so that it is free whatever policy, clock and signal do; and the policy is told in any case. */
  #finish(end: LeaseEnd, report: LeaseReport, queueLength?: number): void {
    if (this.end !== null) return;
    const { clock, watch, idleLimit, forgotten } = this.#ground;
    this.end = end;
    forgotten?.ended(this);
    idleLimit?.forget(this);
    stopListening(this.#signal, this);
    this.replica.ended();
    watch?.({ what: "ended", hold: this, report, ...(queueLength !== undefined && { queueLength }) });
    let { timeS } = this;
    try {
      timeS = clock();
      if (queueLength !== undefined) this.replica.rejectedWith(queueLength, timeS);
    } finally {
      try {
        this.#tellPolicy(report, timeS);
      } finally {
        this.key.forget();
        this.#ground.freed(this.replica);
        watch?.(SETTLED);
      }
    }
  }

  #tellPolicy(report: LeaseReport, timeS: number): void {
    const { policy, disposed } = this.#ground;
    if (disposed) return;
    try {
      if (this.end === "rejected") policy.onRejected?.(this);
    } finally {
      this.key.forget();
      policy.onReleased?.(this, this.#reportOf(report, timeS));
    }
  }

  #reportOf(
    { ttftMs, cachedTokens, promptTokens, completionTokens, error }: LeaseReport,
    timeS: number,
  ): ReleaseReport {
    const measured = this.#firstTokenS === null ? null : (this.#firstTokenS - this.timeS) * 1000;
    const told: { -readonly [Name in keyof ReleaseReport]: ReleaseReport[Name] } = { timeS };
    const ttft = ttftMs ?? measured;
    // Spread, the same took a microsecond.
    if (ttft !== null) told.ttftMs = ttft;
    if (typeof cachedTokens === "number") told.cachedTokens = cachedTokens;
    if (typeof promptTokens === "number") told.promptTokens = promptTokens;
    if (typeof completionTokens === "number") told.completionTokens = completionTokens;
    if (error !== undefined) told.error = error;
    return told;
  }
}

const NOTHING: LeaseReport = {};
