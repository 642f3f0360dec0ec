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

/** Shares of a profile's `apiMs` before and after the engine. */
const WAY_IN = 0.7;
const WAY_OUT = 0.3;
/** The most milliseconds that a host's timer can wait; with more it fires at once. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** What happens at a time of its own. Of each kind the times never decrease. */
interface Event {
  readonly atMs: number;
  run(): void;
}

/**
 * Runs an engine in real time, or `speed` times faster. Events happen in the order of the model's times and engine and metrics
 * see those alone, so a timer that is late delays a token, but changes nothing of what is computed with what.
 */
export class EngineDriver {
  readonly #engine: Engine;
  readonly #clock: SimulatorClock;
  readonly #speed: number;
  readonly #onStep: (step: Step) => void;
  readonly #startedMs: number;
  /** Requests on their way in, and tokens on their way out. */
  readonly #arrivals: Event[] = [];
  readonly #deliveries: Event[] = [];
  readonly #callbacks = new Map<Sequence, SubmissionCallbacks>();
  #step: { readonly step: Step; readonly endMs: number } | null = null;
  #timer: { readonly handle: unknown; readonly dueMs: number } | null = null;
  #closed = false;

  /** @param onStep called as each step ends. */
  constructor(engine: Engine, clock: SimulatorClock, speed: number, onStep: (step: Step) => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#speed = speed;
    this.#onStep = onStep;
    this.#startedMs = clock.now();
  }

  /** A request that comes now and reaches the engine after the way in. */
  submit(options: SequenceOptions, callbacks: SubmissionCallbacks): Submission {
    let sequence: Sequence | null = null;
    let aborted = false;
    const receivedMs = this.#now();
    const atMs = receivedMs + WAY_IN * this.#engine.profile.apiMs;
    this.#arrivals.push({
      atMs,
      run: () => {
        if (aborted) return;
        sequence = this.#engine.add({ ...options, receivedMs }, atMs);
        this.#callbacks.set(sequence, {
          onToken: (token, generatedMs) => {
            if (!aborted) callbacks.onToken(token, generatedMs);
          },
        });
      },
    });
    this.#arm();
    return {
      abort: () => {
        aborted = true;
        if (sequence === null) return;
        this.#callbacks.delete(sequence);
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
    this.#callbacks.clear();
  }

  /** Simulated milliseconds since the start. */
  #now(): number {
    return (this.#clock.now() - this.#startedMs) * this.#speed;
  }

  /** Does all that is due, in order. Time is read once, so that a fast clock leaves the host its turn. */
  #advance(): void {
    const nowMs = this.#now();
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
    if (this.#arrivals[0]?.atMs === atMs) {
      this.#arrivals.shift()!.run();
      if (this.#step === null && this.#arrivals[0]?.atMs !== atMs) this.#begin(atMs);
    } else if (this.#step?.endMs === atMs) this.#end(this.#step.step, atMs);
    else this.#deliveries.shift()!.run();
  }

  #begin(nowMs: number): void {
    const step = this.#engine.schedule(nowMs);
    this.#step = step === null ? null : { step, endMs: nowMs + step.durationMs };
  }

  #end(step: Step, endMs: number): void {
    this.#onStep(step);
    for (const token of this.#engine.complete(step, endMs)) {
      const callbacks = this.#callbacks.get(token.sequence);
      if (token.last) this.#callbacks.delete(token.sequence);
      this.#deliveries.push({
        atMs: endMs + WAY_OUT * this.#engine.profile.apiMs,
        run: () => callbacks?.onToken(token, endMs),
      });
    }
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
    const waitMs = Math.min(LONGEST_WAIT, Math.max(0, Math.ceil((dueMs - this.#now()) / this.#speed)));
    const handle = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#advance();
    }, waitMs);
    this.#timer = { handle, dueMs };
  }
}
