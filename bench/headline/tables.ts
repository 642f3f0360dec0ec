import { markdownTable } from "../../src/cli/aligned.js";
import type { MeanInterval } from "../../src/measure/index.js";
import { type Agreement, BASELINE, COLUMNS, type Column, type StrategyFigures, TOLERANCE } from "./figures.js";

const ALL = Object.keys(COLUMNS) as Column[];
/** Those with a ratio of their own in the table. */
const IN_RATIO: readonly Column[] = ["request_throughput", "mean_ttft_ms"];

/** A line a strategy; where there are several runs, mean and half of the 95 % interval. */
export function strategiesTable(all: readonly StrategyFigures[], reference: boolean): string {
  const head = ALL.flatMap((column) => [COLUMNS[column].title, ...(IN_RATIO.includes(column) ? ["÷"] : [])]);
  const rows = all.map(({ strategy, figures }) => [
    strategy,
    ...ALL.flatMap((column) => {
      const figure = shown(figures[column], column);
      return IN_RATIO.includes(column) ? [figure, times(figures[column].ratio)] : [figure];
    }),
  ]);
  const measured = ALL.flatMap((column) => {
    const { reference: value, decimals } = COLUMNS[column];
    const figure = value === null ? "" : number(value, decimals);
    return IN_RATIO.includes(column) ? [figure, ""] : [figure];
  });
  return markdownTable([["", ...head], ...(reference ? [["the reference's run, 4 × L4", ...measured]] : []), ...rows]);
}

export function agreementTable(all: readonly Agreement[]): string {
  return markdownTable([
    ["prefix_aware ÷ pow_of_2", "virtual time", "sockets", "difference", `within ${TOLERANCE * 100} %`],
    ...all.map(({ column, virtual, sockets, difference, within }) => [
      COLUMNS[column].title,
      virtual.toFixed(3),
      sockets.toFixed(3),
      `${difference < 0 ? "−" : "+"}${Math.abs(difference * 100).toFixed(1)} %`,
      within ? "yes" : "no",
    ]),
  ]);
}

/** What ÷ is. */
export const RATIO_NOTE: string = `÷: to ${BASELINE} with the same requests. ±: 95 % of the mean over the runs.`;

function shown({ mean, half }: MeanInterval, column: Column): string {
  if (column === "cache_hit_rate") return Number.isNaN(mean) ? "" : `${(mean * 100).toFixed(1)} %`;
  const decimals = decimalsOf(mean, COLUMNS[column].decimals);
  const known = half !== null && IN_RATIO.includes(column);
  return known ? `${number(mean, decimals)} ± ${number(half, decimals)}` : number(mean, decimals);
}

function times({ mean, half }: MeanInterval): string {
  return half === null || half === 0 ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${half.toFixed(2)}`;
}

/** Of small values a decimal more. */
function decimalsOf(value: number, usual: number): number {
  return usual > 0 && Math.abs(value) < 10 ? usual + 1 : usual;
}

function number(value: number, decimals: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}
