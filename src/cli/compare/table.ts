import type { MeanInterval } from "../../measure/index.js";
import { FITTED_AND_PREDICTED, type SideBySide } from "./reference-run.js";
import { BASELINE, type Compared, type Row } from "./rows.js";

/** Puts rows of cells together: `aligned` for a terminal, `markdownTable` for a document. */
type Layout = (rows: readonly (readonly string[])[]) => string;

interface Column {
  readonly title: string;
  readonly of: (row: Row) => string;
}

const COLUMNS: readonly Column[] = [
  { title: "req/s", of: ({ figures }) => value(figures.requestThroughput, 2) },
  { title: "ratio", of: ({ figures }) => ratio(figures.requestThroughput) },
  { title: "TTFT ms", of: ({ figures }) => value(figures.ttftMeanMs, 0) },
  { title: "ratio", of: ({ figures }) => ratio(figures.ttftMeanMs) },
  { title: "p50", of: ({ figures }) => mean(figures.ttftMedianMs, 0) },
  { title: "p99", of: ({ figures }) => mean(figures.ttftP99Ms, 0) },
  { title: "ratio", of: ({ figures }) => ratio(figures.ttftP99Ms) },
  { title: "TPOT ms", of: ({ figures }) => mean(figures.tpotMeanMs, 1) },
  { title: "E2E ms", of: ({ figures }) => value(figures.e2eMeanMs, 0) },
  { title: "ratio", of: ({ figures }) => ratio(figures.e2eMeanMs) },
  { title: "hit", of: ({ figures }) => percent(figures.hitRatio) },
  { title: "of ∞", of: ({ figures }) => percent(figures.shareOfInfinite) },
  { title: "of one", of: ({ figures }) => percent(figures.shareOfOneCache) },
  { title: "load CV", of: ({ figures }) => mean(figures.loadVariation, 2) },
  { title: "hot spot", of: ({ figures }) => mean(figures.hotSpot, 2) },
  { title: "error p95", of: ({ figures }) => mean(figures.predictionP95, 0) },
];

/** One table a workload and profile. */
export function comparisonTables(rows: readonly Row[], layout: Layout): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const title = `${row.workload}, ${row.profile}`;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups]
    .map(([title, group]) => {
      const table = layout([
        ["policy", ...COLUMNS.map((column) => column.title)],
        ...group.map((row) => [row.policy, ...COLUMNS.map(({ of }) => of(row))]),
      ]);
      return `${title} (simulated; mean ± 95 % of ${group[0]!.seeds} seeds; ratio to ${BASELINE})\n\n${table}`;
    })
    .join("\n\n");
}

/** What the reference measured, and beside it one column a policy that stands for it. */
export function referenceTable(
  policies: readonly { policy: string; figures: readonly SideBySide[] }[],
  layout: Layout,
): string {
  const figures = policies[0]!.figures;
  const table = layout([
    ["", "reference", ...policies.flatMap(({ policy }) => [policy, "difference"]), "allowed", "within"],
    ...figures.map(({ name, unit, reference, tolerance }, i) => [
      `${name} ${unit}`,
      digits(reference),
      ...policies.flatMap((each) => {
        const { simulated, difference } = each.figures[i]!;
        return [`${digits(simulated.mean)}${half(simulated, decimalsOf(simulated.mean))}`, signed(difference)];
      }),
      tolerance === null ? "" : `± ${(tolerance * 100).toFixed(0)} %`,
      tolerance === null ? "" : policies.every((each) => each.figures[i]!.within) ? "yes" : "no",
    ]),
  ]);
  return `Beside the reference's run on four L4 (simulated; mean ± 95 %)\n\n${table}\n\n${FITTED_AND_PREDICTED}`;
}

const NONE = "-";

function mean(figure: Compared | null, decimals: number): string {
  return figure === null ? NONE : figure.mean.toFixed(decimals);
}

function value(figure: Compared | null, decimals: number): string {
  return figure === null ? NONE : `${figure.mean.toFixed(decimals)}${half(figure, decimals)}`;
}

function half({ half: width }: MeanInterval, decimals: number): string {
  return width === null ? "" : ` ± ${width.toFixed(decimals)}`;
}

function ratio(figure: Compared | null): string {
  if (figure === null || figure.ratio === null) return NONE;
  return `${figure.ratio.mean.toFixed(2)}${half(figure.ratio, 2)}`;
}

function percent(figure: Compared | null): string {
  return figure === null ? NONE : `${(figure.mean * 100).toFixed(1)} %`;
}

function signed(difference: number): string {
  if (Math.abs(difference) >= 9.995) return NONE; // of a figure near nothing
  return `${difference < 0 ? "−" : "+"}${Math.abs(difference * 100).toFixed(1)} %`;
}

function digits(number: number): string {
  return number.toFixed(decimalsOf(number));
}

/** Four digits or so. */
function decimalsOf(number: number): number {
  return number >= 1000 ? 0 : number >= 100 ? 1 : 2;
}
