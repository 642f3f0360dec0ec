import { type Decision, type DecisionCandidate, explain } from "../routing/index.js";
import type { Exchange } from "./exchange.js";

/** A decision as `GET /admin/decisions` shows it. No text of the request is in it. */
export interface ShownDecision {
  /** Counts up from 1, over all models. */
  readonly number: number;
  readonly time: string;
  readonly model: string | null;
  readonly path: string;
  readonly key: string | null;
  /** 1 for the first choice, more after retries. */
  readonly attempt: number;
  readonly replica: string;
  readonly policy: string;
  readonly reason: string;
  readonly matchedChars: number;
  readonly textChars: number;
  readonly matchRate: number;
  readonly hitAvailable: number | null;
  readonly hitChosen: number | null;
  readonly candidates: readonly DecisionCandidate[];
  /** For a person. */
  readonly explanation: string;
}

const MOST = 100;

interface Logged {
  readonly number: number;
  readonly atMs: number;
  readonly model: string;
  readonly path: string;
  readonly key: string | null;
  readonly attempt: number;
  readonly decision: Decision;
}

/** The last decisions. What is shown of one is made when it is asked for. */
export class DecisionLog {
  #count = 0;
  /** A ring: number n lies at (n - 1) mod `MOST`. */
  readonly #ring: Logged[] = [];

  add(model: string, { path, key, tries }: Exchange, decision: Decision): void {
    const number = ++this.#count;
    const keyName = key?.name ?? null;
    const logged = { number, atMs: Date.now(), model, path, key: keyName, attempt: tries + 1, decision };
    this.#ring[(number - 1) % MOST] = logged;
  }

  /** The newest first. */
  shown(limit: number, model?: string): ShownDecision[] {
    return this.#ring
      .filter((each) => model === undefined || each.model === model)
      .sort((a, b) => b.number - a.number)
      .slice(0, Math.max(0, limit))
      .map(({ number, atMs, model: of, path, key, attempt, decision }) => ({
        number,
        time: new Date(atMs).toISOString(),
        model: of === "" ? null : of,
        path,
        key,
        attempt,
        ...shownDecision(decision),
      }));
  }
}

export function shownDecision(
  decision: Decision,
): Omit<ShownDecision, "number" | "time" | "model" | "path" | "key" | "attempt"> {
  const { replica, policy, reason, matchedChars, textChars, matchRate, hitAvailable, hitChosen, candidates } = decision;
  return {
    replica,
    policy,
    reason,
    matchedChars,
    textChars,
    matchRate,
    hitAvailable,
    hitChosen,
    candidates,
    explanation: explain(decision),
  };
}
