import type { SimulatorClock } from "./clock.js";
import type { Engine, Sequence, SequenceOptions } from "./engine/index.js";

/** A request that has been given to a driver. */
export interface Submission {
  /** Ends it at once. Nothing is called any more. */
  abort(): void;
}

export interface SubmissionCallbacks {
  /** A token has come out of the replica. */
  onToken(index: number, last: boolean, sequence: Sequence): void;
}

/** Timers wait whole milliseconds at least; what is due sooner is done at once. */
const SHORTEST_WAIT_MS = 1;

/** Runs an engine in real time, or `speed` times faster: its steps take as long as the model says. */
export class EngineDriver {
  readonly #engine: Engine;
  readonly #clock: SimulatorClock;
  readonly #speed: number;
  readonly #pending = new Set<unknown>();
  readonly #callbacks = new Map<Sequence, SubmissionCallbacks>();
  readonly #startedMs: number;
  #stepping = false;
  #closed = false;

  constructor(engine: Engine, clock: SimulatorClock, speed: number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#speed = speed;
    this.#startedMs = clock.now();
  }

  /** Simulated milliseconds since the start. */
  now(): number {
    return (this.#clock.now() - this.#startedMs) * this.#speed;
  }

  /** A request that arrives now and reaches the engine after the way in. */
  submit(options: SequenceOptions, callbacks: SubmissionCallbacks): Submission {
    const { apiMs } = this.#engine.profile;
    let sequence: Sequence | null = null;
    let aborted = false;
    const arrive = () => {
      if (aborted) return;
      sequence = this.#engine.add(options, this.now());
      this.#callbacks.set(sequence, {
        onToken: (index, last, of) => {
          this.#after(0.3 * apiMs, () => {
            if (!aborted) callbacks.onToken(index, last, of);
          });
        },
      });
      this.#step(this.now());
    };
    this.#after(0.7 * apiMs, arrive);
    return {
      abort: () => {
        aborted = true;
        if (sequence === null) return;
        this.#callbacks.delete(sequence);
        this.#engine.abort(sequence);
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const handle of this.#pending) this.#clock.clearTimeout(handle);
    this.#pending.clear();
    this.#callbacks.clear();
  }

  /** Begins a step at that time unless one is under way; it ends on the model's time, however late timers are. */
  #step(nowMs: number): void {
    if (this.#stepping || this.#closed) return;
    const step = this.#engine.schedule(nowMs);
    if (step === null) return;
    this.#stepping = true;
    const endMs = nowMs + step.durationMs;
    this.#after(endMs - this.now(), () => {
      this.#stepping = false;
      for (const { sequence, index, last } of this.#engine.complete(step, endMs)) {
        this.#callbacks.get(sequence)?.onToken(index, last, sequence);
        if (last) this.#callbacks.delete(sequence);
      }
      this.#step(endMs);
    });
  }

  #after(simulatedMs: number, callback: () => void): void {
    const ms = simulatedMs / this.#speed;
    const handle = this.#clock.setTimeout(
      () => {
        this.#pending.delete(handle);
        if (!this.#closed) callback();
      },
      ms < SHORTEST_WAIT_MS ? 0 : ms,
    );
    this.#pending.add(handle);
  }
}
