import { WAY_IN, WAY_OUT } from "../driver.js";
import type { Engine, Sequence, Step } from "../engine/index.js";
import { ReplicaMetrics } from "../metrics.js";
import type { EventQueue } from "./event-queue.js";
import type { SimulatedRequest } from "./simulated-request.js";

/** What happens on a replica. */
export interface ReplicaListener {
  /** A request is in the engine: its sequence is known. */
  arrived(request: SimulatedRequest): void;
  /** A token has come out of the engine; its client has it at `outMs`, the one before at `request.lastMs`. */
  token(request: SimulatedRequest, outMs: number, first: boolean): void;
  /** The client has the first token. */
  firstToken(request: SimulatedRequest): void;
  /** The client has the last one, and the request is no longer on the replica. */
  answered(request: SimulatedRequest): void;
}

/** One engine in virtual time, with its way in and out: as `EngineDriver` in real time, but with no event a token. */
export class SimulatedReplica {
  readonly engine: Engine;
  /** When the step under way ends; null when the engine is idle. */
  stepEndMs: number | null = null;
  /** Taken and not ended, in the order in which they were taken. */
  readonly requests: Set<SimulatedRequest> = new Set();
  /** What its `/metrics` would tell; null when nobody asks. */
  readonly metrics: ReplicaMetrics | null;
  readonly #index: number;
  readonly #events: EventQueue;
  readonly #listener: ReplicaListener;
  readonly #maxOngoing: number;
  readonly #streamBatchMs: number;
  readonly #bySequence = new Map<Sequence, SimulatedRequest>();
  #beginning = false;

  constructor(
    index: number,
    engine: Engine,
    events: EventQueue,
    listener: ReplicaListener,
    { maxOngoing, streamBatchMs, tellsMetrics }: { maxOngoing: number; streamBatchMs: number; tellsMetrics: boolean },
  ) {
    this.#index = index;
    this.engine = engine;
    this.#events = events;
    this.#listener = listener;
    this.#maxOngoing = maxOngoing;
    this.#streamBatchMs = streamBatchMs;
    this.metrics = tellsMetrics ? this.#makeMetrics() : null;
  }

  /** Takes a request that comes now. False: it has as many as it takes. */
  offer(request: SimulatedRequest): boolean {
    if (this.requests.size >= this.#maxOngoing) return false;
    this.requests.add(request);
    request.replica = this.#index;
    const { nowMs } = this.#events;
    const atMs = nowMs + WAY_IN * this.engine.profile.apiMs;
    this.#events.at(atMs, "arrival", () => this.#arrive(request, nowMs, atMs));
    return true;
  }

  #arrive(request: SimulatedRequest, receivedMs: number, atMs: number): void {
    const { tokens, outputToken, source } = request;
    const sequence = this.engine.add(
      { prompt: tokens, outputTokens: source.outputTokens, outputToken, receivedMs },
      atMs,
    );
    request.sequence = sequence;
    this.#bySequence.set(sequence, request);
    this.#listener.arrived(request);
    if (this.stepEndMs !== null || this.#beginning) return;
    this.#beginning = true;
    this.#events.at(atMs, "begin", () => this.#begin(atMs));
  }

  #begin(nowMs: number): void {
    this.#beginning = false;
    const step = this.engine.schedule(nowMs);
    if (step === null) {
      this.stepEndMs = null;
      return;
    }
    const endMs = nowMs + step.durationMs;
    this.stepEndMs = endMs;
    this.#events.at(endMs, "stepEnd", () => this.#end(step, endMs));
  }

  #end(step: Step, endMs: number): void {
    const wayOutMs = endMs + WAY_OUT * this.engine.profile.apiMs;
    this.metrics?.step(step);
    for (const { sequence, last } of this.engine.complete(step, endMs)) {
      const request = this.#bySequence.get(sequence)!;
      const first = request.lastMs < 0;
      // Tokens that come within a batch's time of the last ones given out wait, and come out together.
      const outMs =
        first || wayOutMs > request.lastMs ? Math.max(wayOutMs, request.lastMs + this.#streamBatchMs) : request.lastMs;
      this.#listener.token(request, outMs, first);
      request.lastMs = outMs;
      this.#count(request, endMs, last);
      if (first) {
        request.firstMs = outMs;
        this.#events.at(outMs, "rest", () => this.#listener.firstToken(request));
      }
      if (last) {
        this.#bySequence.delete(sequence);
        this.#events.at(outMs, "rest", () => {
          this.requests.delete(request);
          this.#listener.answered(request);
        });
      }
    }
    this.#begin(endMs);
  }

  #count(request: SimulatedRequest, generatedMs: number, last: boolean): void {
    if (this.metrics === null) return;
    this.metrics.token(request.sequence!, generatedMs, request.generatedMs < 0 ? null : request.generatedMs);
    request.generatedMs = generatedMs;
    // Each generates as many as were asked for.
    if (last) this.metrics.finished(request.sequence!, "length");
  }

  #makeMetrics(): ReplicaMetrics {
    const { engine } = this;
    return new ReplicaMetrics(engine, {
      model: engine.profile.name,
      intervalMs: 0,
      adapters: [],
      load: () => ({ running: engine.running, waiting: engine.waiting, cacheUsage: engine.cacheUsage }),
      sequences: () => this.#bySequence.keys(),
      clock: () => this.#events.nowMs / 1000,
    });
  }
}
