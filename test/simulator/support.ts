import { onTestFinished } from "vitest";
import type { ChatCompletion, Completion, ErrorBody } from "../../src/protocol/index.js";
import type { SimulatorClock } from "../../src/simulator/clock.js";
import type { Engine, GeneratedToken, Sequence, Step } from "../../src/simulator/engine/index.js";
import { type SimulatedReplica, type SimulatedReplicaOptions, simulatedReplica } from "../../src/simulator/index.js";
import { PROFILES, type Profile } from "../../src/simulator/profiles.js";

export const L4: Profile = PROFILES["l4-qwen2.5-1.5b"];

/** `count` token ids; prompts with different `first` share no prefix. */
export function tokens(count: number, first = 1): number[] {
  return Array.from({ length: count }, (_, i) => (i === 0 ? first : 1000 + i));
}

/** Adds a request whose output tokens are 1, 2, 3, … */
export function add(
  engine: Engine,
  prompt: readonly number[],
  outputTokens: number,
  nowMs = 0,
  cacheSalt = "",
): Sequence {
  return engine.add({ prompt, outputTokens, outputToken: (index) => index + 1, cacheSalt }, nowMs);
}

export interface PastStep {
  readonly step: Step;
  readonly endMs: number;
  readonly generated: GeneratedToken[];
}

/** One step from `nowMs` on. There must be something to do. */
export function stepOnce(engine: Engine, nowMs = 0): PastStep {
  const step = engine.schedule(nowMs);
  if (step === null) throw new Error("the engine has nothing to do");
  const endMs = nowMs + step.durationMs;
  return { step, endMs, generated: engine.complete(step, endMs) };
}

/** Steps, one after the other, until nothing is left to do. */
export function drain(engine: Engine, nowMs = 0): PastStep[] {
  const past: PastStep[] = [];
  let atMs = nowMs;
  while (engine.running + engine.waiting > 0) {
    past.push(stepOnce(engine, atMs));
    atMs = past.at(-1)!.endMs;
  }
  return past;
}

/** A clock that stands until it is told to go on, and then fires each timer at its own time. */
export class ManualClock implements SimulatorClock {
  #nowMs = 0;
  #made = 0;
  readonly #timers = new Map<number, { dueMs: number; callback: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, ms: number): number {
    this.#timers.set(++this.#made, { dueMs: this.#nowMs + ms, callback });
    return this.#made;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Goes on by `ms`; timers fire `lateMs` after they are due. */
  advance(ms: number, lateMs = 0): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#timers].sort(([a, x], [b, y]) => x.dueMs - y.dueMs || a - b)[0];
      if (next === undefined || next[1].dueMs + lateMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next[1].dueMs + lateMs);
      this.#timers.delete(next[0]);
      next[1].callback();
    }
    this.#nowMs = endMs;
  }
}

/** A replica, a thousand times faster than real unless told otherwise, that is closed when the test ends. */
export function startReplica(options: SimulatedReplicaOptions = {}): SimulatedReplica {
  const replica = simulatedReplica({ speed: 1000, ...options });
  onTestFinished(() => replica.close());
  return replica;
}

/** A request with a JSON body. */
export function post(path: string, body: unknown, init: RequestInit = {}): Request {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Request(`http://replica${path}`, { method: "POST", body: text, ...init });
}

export async function complete(replica: SimulatedReplica, body: Record<string, unknown>): Promise<Completion> {
  return answered(await replica.fetch(post("/v1/completions", body)));
}

export async function chat(replica: SimulatedReplica, body: Record<string, unknown>): Promise<ChatCompletion> {
  return answered(await replica.fetch(post("/v1/chat/completions", body)));
}

async function answered<Answer>(response: Response): Promise<Answer> {
  const body = (await response.json()) as Answer | ErrorBody;
  if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(body)}`);
  return body as Answer;
}
