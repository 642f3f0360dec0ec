import { type MeanInterval, meanInterval } from "../../src/measure/index.js";
import { readTable } from "../plots/input/read.js";

/** What of a sweep's columns is told, and what the reference's run had (4 × L4, prefix_aware, "prefix_aware_with_eviction"). */
export const COLUMNS = {
  request_throughput: { title: "requests/s", decimals: 1, reference: 17.7051 },
  input_throughput: { title: "input tokens/s", decimals: 0, reference: 31_506.2116 },
  output_throughput: { title: "output tokens/s", decimals: 0, reference: 1805.4434 },
  mean_ttft_ms: { title: "TTFT ms", decimals: 0, reference: 136.1831 },
  median_ttft_ms: { title: "p50", decimals: 0, reference: 113.4312 },
  p99_ttft_ms: { title: "p99", decimals: 0, reference: 715.0978 },
  mean_tpot_ms: { title: "TPOT ms", decimals: 1, reference: 20.3178 },
  mean_e2e_latency_ms: { title: "E2E ms", decimals: 0, reference: 2194.5704 },
  cache_hit_rate: { title: "cached", decimals: 3, reference: null },
} as const;

export type Column = keyof typeof COLUMNS;

/** The strategy that the others are set in ratio to. */
export const BASELINE = "pow_of_2";
/** And the one that the reference measured. */
export const COMPARED = "prefix_aware";

/** A figure over the runs of one strategy. */
export interface Figure extends MeanInterval {
  /** To the baseline with the same requests, run by run. */
  readonly ratio: MeanInterval;
}

/** One strategy of a sweep. */
export interface StrategyFigures {
  readonly strategy: string;
  readonly policy: string;
  readonly runs: number;
  readonly completed: number;
  readonly figures: Readonly<Record<Column, Figure>>;
}

/**
 * The strategies of a sweep's CSV, in its order.
 * @param repeat only the runs with this number.
 * @throws Error when there is a run without one of the baseline with the same requests.
 */
export function figuresOf(csv: string, repeat?: number): StrategyFigures[] {
  const { rows } = readTable(csv);
  const chosen = repeat === undefined ? rows : rows.filter((row) => Number(row.repeat) === repeat);
  const strategies = [...new Set(chosen.map((row) => String(row.request_router)))];
  return strategies.map((strategy) => {
    const own = chosen.filter((row) => row.request_router === strategy);
    const pairs = own.map((row) => {
      const base = chosen.find((each) => each.request_router === BASELINE && each.repeat === row.repeat);
      if (base === undefined) throw new Error(`${csv} has no run ${String(row.repeat)} of ${BASELINE}`);
      return [row, base] as const;
    });
    const figures = Object.fromEntries(
      Object.keys(COLUMNS).map((column) => {
        const ratio = meanInterval(pairs.map(([row, base]) => Number(row[column]) / Number(base[column])));
        return [column, { ...meanInterval(own.map((row) => Number(row[column]))), ratio }];
      }),
    ) as Record<Column, Figure>;
    const completed = own.reduce((sum, row) => sum + Number(row.completed), 0);
    return { strategy, policy: String(own[0]!.policy), runs: own.length, completed, figures };
  });
}

/** How a ratio over sockets agrees with the one in virtual time. */
export interface Agreement {
  readonly column: Column;
  readonly virtual: number;
  readonly sockets: number;
  /** sockets ÷ virtual − 1. */
  readonly difference: number;
  readonly within: boolean;
}

/** By which share the ratios may differ. */
export const TOLERANCE = 0.15;

/** Throughput and mean TTFT of prefix_aware in ratio to the baseline, of the same requests. */
export function agreements(virtual: readonly StrategyFigures[], sockets: readonly StrategyFigures[]): Agreement[] {
  const ratio = (all: readonly StrategyFigures[], column: Column) => {
    const found = all.find(({ strategy }) => strategy === COMPARED);
    if (found === undefined) throw new Error(`there is no run of ${COMPARED}`);
    return found.figures[column].ratio.mean;
  };
  return (["request_throughput", "mean_ttft_ms"] as const).map((column) => {
    const [inTime, overSockets] = [ratio(virtual, column), ratio(sockets, column)];
    const difference = overSockets / inTime - 1;
    return { column, virtual: inTime, sockets: overSockets, difference, within: Math.abs(difference) <= TOLERANCE };
  });
}
