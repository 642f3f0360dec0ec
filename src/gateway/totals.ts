import type { Decision } from "../routing/index.js";
import type { DecisionTotals } from "./admin/state.js";

interface Sums {
  decisions: number;
  matchRates: number;
  textChars: number;
  hitAvailable: number;
  hitChosen: number;
  hitDelivered: number;
}

/** Sums of decisions by model. */
export class Totals {
  readonly #byModel = new Map<string, Sums>();

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

  #of(model: string): Sums {
    let sums = this.#byModel.get(model);
    if (sums === undefined) {
      sums = { decisions: 0, matchRates: 0, textChars: 0, hitAvailable: 0, hitChosen: 0, hitDelivered: 0 };
      this.#byModel.set(model, sums);
    }
    return sums;
  }
}
