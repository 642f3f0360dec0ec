import { type MeanInterval, meanInterval } from "../../measure/index.js";
import type { ClusterResult } from "../../simulator/index.js";

/** The runs of one policy on one workload and profile, one a seed. */
export interface Cell {
  readonly workload: string;
  readonly profile: string;
  readonly policy: string;
  readonly results: readonly ClusterResult[];
}

export type FigureName =
  | "requestThroughput"
  | "inputThroughput"
  | "outputThroughput"
  | "ttftMeanMs"
  | "ttftMedianMs"
  | "ttftP99Ms"
  | "tpotMeanMs"
  | "itlMeanMs"
  | "itlP99Ms"
  | "e2eMeanMs"
  | "e2eP99Ms"
  | "hitRatio"
  | "shareOfInfinite"
  | "shareOfOneCache"
  | "reprefilledTokens"
  | "evictions"
  | "preemptions"
  | "loadVariation"
  | "hotSpot"
  | "predictionP50"
  | "predictionP95";

/** What is compared. */
export const FIGURES: Readonly<Record<FigureName, (result: ClusterResult) => number>> = {
  requestThroughput: ({ serving }) => serving.requestThroughput,
  inputThroughput: ({ serving }) => serving.inputThroughput,
  outputThroughput: ({ serving }) => serving.outputThroughput,
  ttftMeanMs: ({ serving }) => serving.ttftMs?.mean ?? Number.NaN,
  ttftMedianMs: ({ serving }) => serving.ttftMs?.median ?? Number.NaN,
  ttftP99Ms: ({ serving }) => serving.ttftMs?.p99 ?? Number.NaN,
  tpotMeanMs: ({ serving }) => serving.tpotMs?.mean ?? Number.NaN,
  itlMeanMs: ({ serving }) => serving.itlMs?.mean ?? Number.NaN,
  itlP99Ms: ({ serving }) => serving.itlMs?.p99 ?? Number.NaN,
  e2eMeanMs: ({ serving }) => serving.e2eMs?.mean ?? Number.NaN,
  e2eP99Ms: ({ serving }) => serving.e2eMs?.p99 ?? Number.NaN,
  hitRatio: ({ cache }) => cache.hitRatio,
  shareOfInfinite: ({ cache }) => cache.shareOfInfinite ?? Number.NaN,
  shareOfOneCache: ({ cache }) => cache.shareOfOneCache ?? Number.NaN,
  reprefilledTokens: ({ cache }) => cache.reprefilledTokens,
  evictions: ({ cache }) => cache.evictions,
  preemptions: ({ cache }) => cache.preemptions,
  loadVariation: ({ balance }) => balance.loadVariation,
  hotSpot: ({ balance }) => balance.hotSpot,
  predictionP50: ({ prediction }) => prediction?.p50 ?? Number.NaN,
  predictionP95: ({ prediction }) => prediction?.p95 ?? Number.NaN,
};

/** A figure over all seeds; null where it is not known. */
export interface Compared extends MeanInterval {
  /** To the baseline with the same seed; null where there is none. */
  readonly ratio: MeanInterval | null;
}

export interface Row {
  readonly workload: string;
  readonly profile: string;
  readonly policy: string;
  readonly seeds: number;
  readonly figures: Readonly<Record<FigureName, Compared | null>>;
}

/** The policy to which all others are set in ratio. */
export const BASELINE = "pow_of_2";

/** One row a cell, in their order. */
export function rowsOf(cells: readonly Cell[]): Row[] {
  return cells.map((cell) => {
    const { workload, profile, policy, results } = cell;
    const baseline = cells.find(
      (each) => each.policy === BASELINE && each.workload === workload && each.profile === profile,
    );
    const figures = Object.fromEntries(
      Object.entries(FIGURES).map(([name, of]) => [name, compared(of, results, baseline?.results ?? [])]),
    ) as Row["figures"];
    return { workload, profile, policy, seeds: results.length, figures };
  });
}

function compared(
  of: (result: ClusterResult) => number,
  results: readonly ClusterResult[],
  baseline: readonly ClusterResult[],
): Compared | null {
  const values = results.map(of).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return null;
  const ratios = results.flatMap((result) => {
    const other = baseline.find(({ seed }) => seed === result.seed);
    const ratio = other === undefined ? Number.NaN : of(result) / of(other);
    return Number.isFinite(ratio) ? [ratio] : [];
  });
  return { ...meanInterval(values), ratio: ratios.length === 0 ? null : meanInterval(ratios) };
}
