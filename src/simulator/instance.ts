import { EngineDriver } from "./driver.js";
import { BLOCK_SIZE, Engine } from "./engine/index.js";
import type { FaultSchedule } from "./faults/schedule.js";
import type { Generation } from "./http/generation.js";
import { KvEventLog } from "./kv-events/log.js";
import { ReplicaMetrics } from "./metrics.js";
import type { ReplicaSettings } from "./options.js";

/** One run of a replica's server, from a start to a stop: what a restart loses. */
export class Instance {
  readonly engine: Engine;
  readonly driver: EngineDriver;
  readonly metrics: ReplicaMetrics;
  /** Null when it tells no events. */
  readonly kvEvents: KvEventLog | null;
  readonly generations: Set<Generation> = new Set();
  /** Streams of events that are open: what ends each. */
  readonly #listening = new Set<() => void>();

  constructor(settings: ReplicaSettings, faults: FaultSchedule) {
    const { model, adapters, clock, kvEvents } = settings;
    const engine = new Engine(settings);
    const startedMs = faults.nowMs;
    const seconds = () => clock.now() / 1000;
    this.engine = engine;
    this.kvEvents = kvEvents ? new KvEventLog(adapters) : null;
    engine.pool.listener = this.kvEvents;
    this.driver = new EngineDriver(engine, {
      clock,
      speed: settings.speed,
      streamBatchMs: settings.streamBatchMs,
      slowdown: (atMs) => faults.active("slow", startedMs + atMs)?.factor ?? 1,
      beforeEvent: (atMs) => this.metrics.advance(atMs),
      onStep: (step) => {
        this.metrics.step(step);
        this.kvEvents?.flush(seconds());
      },
    });
    this.metrics = new ReplicaMetrics(engine, {
      model,
      intervalMs: settings.metricsIntervalMs,
      adapters,
      load: () => ({
        running: engine.running,
        waiting: engine.waiting,
        cacheUsage: engine.cacheUsage,
        ...reported(faults),
      }),
      sequences: () => this.driver.sequences(),
      clock: seconds,
    });
  }

  /** The context of the model, or what its cache can hold if that is less. */
  get maxTotalTokens(): number {
    const { maxModelLen, blocks } = this.engine.profile;
    return Math.min(maxModelLen, blocks * BLOCK_SIZE);
  }

  /** Keeps what ends an open stream of events. Returns what forgets it. */
  listening(end: () => void): () => void {
    this.#listening.add(end);
    return () => void this.#listening.delete(end);
  }

  /** Ends all that is under way, for that reason, and leaves no timer. */
  stop(reason: unknown): void {
    for (const generation of [...this.generations]) generation.stop(reason);
    for (const end of [...this.#listening]) end();
    this.driver.close();
  }
}

function reported(faults: FaultSchedule): object {
  const { running, waiting, cacheUsage } = faults.active("load") ?? {};
  return {
    ...(running !== undefined && { running }),
    ...(waiting !== undefined && { waiting }),
    ...(cacheUsage !== undefined && { cacheUsage }),
  };
}
