import { shown } from "../input/number.js";
import { type PictureSpec, WIDTH } from "./picture.js";
import { textWidth } from "./text.js";
import { COLOURS, PALETTE } from "./theme.js";

export interface Bar {
  name: string;
  mean: number;
  min: number;
  max: number;
  runs: number;
}

/** Of one bar and the gap to the next. */
const STEP = 46;
const MOST_LABEL = 260;

/** Lying bars with whiskers and the value at the end. */
export function summaryBars(bars: readonly Bar[], title: string): PictureSpec {
  const names = bars.map(({ name }) => name);
  const room = Math.min(MOST_LABEL, Math.max(...names.map((name) => textWidth(name, 12)))) + 16;
  const most = Math.max(...bars.map(({ max }) => max));
  const values = bars.map((bar) => ({ ...bar, text: shown(bar.mean) }));
  const y = {
    field: "name",
    type: "nominal",
    sort: null,
    axis: { title: null, domain: false, ticks: false, labelLimit: MOST_LABEL, labelColor: COLOURS.ink },
  };
  const x = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domainMin: 0, domainMax: most > 0 ? most * 1.12 : 1, nice: false },
    axis: { title, tickCount: 8, domain: false, ticks: false },
  });
  const whiskers = values.filter(({ runs }) => runs > 1);
  return {
    width: WIDTH - room - 40,
    height: { step: STEP },
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: { band: 0.62 } },
        encoding: {
          x: x("mean"),
          y,
          color: { field: "name", type: "nominal", scale: colourScale(names), legend: null },
        },
      },
      {
        data: { values: whiskers },
        mark: { type: "rule", color: COLOURS.ink, strokeWidth: 1.5 },
        encoding: { x: x("min"), x2: { field: "max" }, y },
      },
      ...["min", "max"].map((end) => ({
        data: { values: whiskers },
        mark: { type: "tick", color: COLOURS.ink, thickness: 1.5, size: 12 },
        encoding: { x: x(end), y },
      })),
      {
        mark: { type: "text", align: "left", dx: 8, fontWeight: 600 },
        encoding: { x: x("max"), y, text: { field: "text" } },
      },
    ],
  } as PictureSpec;
}

/**
 * A strategy's colour, the same in every picture for the two that the reference compares. Where there are more strategies
 * than colours, the others share one: each has its name beside it.
 */
export function colourScale(names: readonly string[]): { domain: string[]; range: string[] } {
  const others = names.filter((name) => comparedColour(name) === null);
  const rest = PALETTE.slice(COMPARED.length);
  const colourOf = (name: string) =>
    comparedColour(name) ?? (others.length > rest.length ? COLOURS.dim : rest[others.indexOf(name)]!);
  return { domain: [...names], range: names.map(colourOf) };
}

const COMPARED = ["prefix_aware", "pow_of_2"];

function comparedColour(name: string): string | null {
  return PALETTE[COMPARED.findIndex((strategy) => name.startsWith(strategy))] ?? null;
}
