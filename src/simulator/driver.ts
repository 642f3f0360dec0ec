import type { SimulatorClock } from "./clock.js";
import type { Engine, GeneratedToken, Sequence, SequenceOptions, Step } from "./engine/index.js";

/** A request that has been given to a driver. */
export interface Submission {
  /** Ends it at once. Nothing is called any more. */
  abort(): void;
}

export interface SubmissionCallbacks {
  /** A token has come out of the replica; the engine generated it at `generatedMs`. */
  onToken(token: GeneratedToken, generatedMs: number): void;
}

export interface DriverOptions {
  readonly clock: SimulatorClock;
  /** How many times faster than real. */
  readonly speed: number;
  /** Tokens of a request that come within so many milliseconds of the last ones given out wait and come out together. Default: 0. */
  readonly streamBatchMs?: number;
  /** How many times longer everything takes that begins at that time. Default: 1. */
  readonly slowdown?: (atMs: number) => number;
  /** Called before anything changes that happens at that time. */
  readonly beforeEvent?: (atMs: number) => void;
  /** Called as each step has ended. */
  readonly onStep?: (step: Step, endMs: number) => void;
}

/** Shares of a profile's `apiMs` before and after the engine. */
export const WAY_IN = 0.7;
export const WAY_OUT = 0.3;
/** The most milliseconds that a host's timer can wait; with more it fires at once. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** What happens at a time of its own. */
interface Event {
  readonly atMs: number;
  run(): void;
}

/** A request under way, and when its newest tokens come out. */
interface Client {
  readonly callbacks: SubmissionCallbacks;
  batchMs: number;
}

/**
 * Runs an engine in real time, or `speed` times faster. Events happen in the order of the model's times and engine and metrics
 * see those alone, so a timer that is late delays a token, but changes nothing of what is computed with what.
 */
export class EngineDriver {
  readonly #engine: Engine;
  readonly #clock: SimulatorClock;
  readonly #speed: number;
  readonly #streamBatchMs: number;
  readonly #slowdown: (atMs: number) => number;
  readonly #beforeEvent: (atMs: number) => void;
  readonly #onStep: (step: Step, endMs: number) => void;
  readonly #startedMs: number;
  /** Requests on their way in, and tokens on their way out, each by time. */
  readonly #arrivals: Event[] = [];
  readonly #deliveries: Event[] = [];
  readonly #clients = new Map<Sequence, Client>();
  #step: { readonly step: Step; readonly endMs: number } | null = null;
  #timer: { readonly handle: unknown; readonly dueMs: number } | null = null;
  #closed = false;

  constructor(engine: Engine, options: DriverOptions) {
    this.#engine = engine;
    this.#clock = options.clock;
    this.#speed = options.speed;
    this.#streamBatchMs = options.streamBatchMs ?? 0;
    this.#slowdown = options.slowdown ?? (() => 1);
    this.#beforeEvent = options.beforeEvent ?? (() => {});
    this.#onStep = options.onStep ?? (() => {});
    this.#startedMs = this.#clock.now();
  }

  /** Simulated milliseconds since the start. */
  get nowMs(): number {
    return (this.#clock.now() - this.#startedMs) * this.#speed;
  }

  /** The requests in the engine. */
  sequences(): Iterable<Sequence> {
    return this.#clients.keys();
  }

  /** A request that comes now and reaches the engine after the way in. */
  submit(options: SequenceOptions, callbacks: SubmissionCallbacks): Submission {
    let sequence: Sequence | null = null;
    let aborted = false;
    const receivedMs = this.nowMs;
    const atMs = receivedMs + WAY_IN * this.#engine.profile.apiMs * this.#slowdown(receivedMs);
    insert(this.#arrivals, {
      atMs,
      run: () => {
        if (aborted) return;
        sequence = this.#engine.add({ ...options, receivedMs }, atMs);
        const onToken: SubmissionCallbacks["onToken"] = (token, generatedMs) => {
          if (!aborted) callbacks.onToken(token, generatedMs);
        };
        this.#clients.set(sequence, { callbacks: { onToken }, batchMs: Number.NEGATIVE_INFINITY });
      },
    });
    this.#arm();
    return {
      abort: () => {
        aborted = true;
        if (sequence === null) return;
        this.#clients.delete(sequence);
        this.#engine.abort(sequence);
      },
    };
  }

  /** Stops: nothing is called any more. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer.handle);
    this.#timer = null;
    this.#arrivals.length = 0;
    this.#deliveries.length = 0;
    this.#clients.clear();
  }

  /** Does all that is due, in order. Time is read once, so that a fast clock leaves the host its turn. */
  #advance(): void {
    const nowMs = this.nowMs;
    while (!this.#closed && this.#nextMs() <= nowMs) this.#runNext();
    this.#arm();
  }

  #nextMs(): number {
    const arrivalMs = this.#arrivals[0]?.atMs ?? Number.POSITIVE_INFINITY;
    const deliveryMs = this.#deliveries[0]?.atMs ?? Number.POSITIVE_INFINITY;
    return Math.min(arrivalMs, this.#step?.endMs ?? Number.POSITIVE_INFINITY, deliveryMs);
  }

  /** Who arrives just as a step ends is in the next one, and who arrive together at an idle engine share the first. */
  #runNext(): void {
    const atMs = this.#nextMs();
    this.#beforeEvent(atMs);
    if (this.#arrivals[0]?.atMs === atMs) {
      this.#arrivals.shift()!.run();
      if (this.#step === null && this.#arrivals[0]?.atMs !== atMs) this.#begin(atMs);
    } else if (this.#step?.endMs === atMs) this.#end(this.#step.step, atMs);
    else this.#deliveries.shift()!.run();
  }

  #begin(nowMs: number): void {
    const step = this.#engine.schedule(nowMs);
    this.#step = step === null ? null : { step, endMs: nowMs + step.durationMs * this.#slowdown(nowMs) };
  }

  #end(step: Step, endMs: number): void {
    const outMs = endMs + WAY_OUT * this.#engine.profile.apiMs * this.#slowdown(endMs);
    for (const token of this.#engine.complete(step, endMs)) {
      const client = this.#clients.get(token.sequence);
      if (client === undefined) continue;
      if (token.last) this.#clients.delete(token.sequence);
      if (outMs > client.batchMs) client.batchMs = Math.max(outMs, client.batchMs + this.#streamBatchMs);
      insert(this.#deliveries, { atMs: client.batchMs, run: () => client.callbacks.onToken(token, endMs) });
    }
    this.#onStep(step, endMs);
    this.#begin(endMs);
  }

  /** Sees to it that a timer fires when the next event is due, and none when there is none. */
  #arm(): void {
    const dueMs = this.#closed ? Number.POSITIVE_INFINITY : this.#nextMs();
    if (this.#timer?.dueMs === dueMs) return;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer.handle);
    this.#timer = null;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    // Whole milliseconds, since a timer that fired a fraction too early would have nothing to do.
    const waitMs = Math.min(LONGEST_WAIT, Math.max(0, Math.ceil((dueMs - this.nowMs) / this.#speed)));
    const handle = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#advance();
    }, waitMs);
    this.#timer = { handle, dueMs };
  }
}

/** By time, and of one time last. Most times come in order. */
function insert(events: Event[], event: Event): void {
  let at = events.length;
  while (at > 0 && events[at - 1]!.atMs > event.atMs) at--;
  events.splice(at, 0, event);
}
