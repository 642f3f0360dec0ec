import { onTestFinished } from "vitest";
import type { ChatCompletion, Completion, ErrorBody } from "../../src/protocol/index.js";
import type { Engine, GeneratedToken, Sequence, Step } from "../../src/simulator/engine/index.js";
import { type SimulatedReplica, type SimulatedReplicaOptions, simulatedReplica } from "../../src/simulator/index.js";
import { PROFILES, type Profile } from "../../src/simulator/profiles.js";
import { JumpingClock } from "./clocks.js";

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
  adapter = "",
): Sequence {
  return engine.add({ prompt, outputTokens, outputToken: (index) => index + 1, cacheSalt, adapter }, nowMs);
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

/** A replica in virtual time unless told otherwise, that is closed when the test ends. */
export function startReplica(options: SimulatedReplicaOptions = {}): SimulatedReplica {
  const replica = simulatedReplica({ clock: new JumpingClock(), ...options });
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
