import type { Decision } from "../routing/index.js";
import type { DecisionTotals } from "./admin/state.js";
import type { RequestOutcome, RequestRecord } from "./exchange.js";
import { type RecentSummary, RecentTimes } from "./recent-times.js";

interface Sums {
  decisions: number;
  matchRates: number;
  textChars: number;
  hitAvailable: number;
  hitChosen: number;
  hitDelivered: number;
}

interface Ended {
  readonly requests: Partial<Record<RequestOutcome, number>>;
  readonly ttft: RecentTimes;
}

/** Sums of decisions and of ended requests by model. */
export class Totals {
  readonly #byModel = new Map<string, Sums>();
  readonly #ended = new Map<string, Ended>();

  decided(model: string, { matchRate, textChars, hitAvailable, hitChosen }: Decision): void {
    const sums = this.#of(model);
    sums.decisions++;
    sums.matchRates += matchRate;
    if (hitAvailable === null || hitChosen === null) return;
    sums.textChars += textChars;
    sums.hitAvailable += hitAvailable;
    sums.hitChosen += hitChosen;
  }

  delivered(model: string, chars: number): void {
    this.#of(model).hitDelivered += chars;
  }

  of(model: string): DecisionTotals {
    const { matchRates, ...sums } = this.#of(model);
    return { ...sums, matchRate: sums.decisions === 0 ? null : matchRates / sums.decisions };
  }

  /** A request for the model has ended. */
  ended(model: string, { outcome, streamed, ttftMs }: RequestRecord, nowS: number): void {
    const { requests, ttft } = this.#endedOf(model);
    requests[outcome] = (requests[outcome] ?? 0) + 1;
    if (streamed && ttftMs !== null) ttft.add(nowS, ttftMs);
  }

  requestsOf(model: string, nowS: number): { requests: Ended["requests"]; ttftMs: RecentSummary | null } {
    const { requests, ttft } = this.#endedOf(model);
    return { requests: { ...requests }, ttftMs: ttft.summary(nowS) };
  }

  #endedOf(model: string): Ended {
    let ended = this.#ended.get(model);
    if (ended === undefined) {
      ended = { requests: {}, ttft: new RecentTimes() };
      this.#ended.set(model, ended);
    }
    return ended;
  }

  #of(model: string): Sums {
    let sums = this.#byModel.get(model);
    if (sums === undefined) {
      sums = { decisions: 0, matchRates: 0, textChars: 0, hitAvailable: 0, hitChosen: 0, hitDelivered: 0 };
      this.#byModel.set(model, sums);
    }
    return sums;
  }
}
