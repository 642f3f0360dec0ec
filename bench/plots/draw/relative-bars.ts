import { colourScale } from "./bars.js";
import { columnsFor } from "./curves.js";
import { type PictureSpec, WIDTH } from "./picture.js";
import { textWidth } from "./text.js";
import { COLOURS, HALO } from "./theme.js";

/** A strategy's metric relative to the baseline's, which is 100. */
export interface RelativeBar {
  metric: string;
  name: string;
  percent: number;
  /** Ends of its whisker. */
  least: number;
  most: number;
  runs: number;
  /** As measured, with its unit. */
  value: string;
  /** The change. */
  text: string;
}

/** Strategies that stand side by side in a group of readable bars. */
const MOST_STANDING = 4;

/** Bars in a group a metric, told apart by colour; of many strategies lying ones in a panel a metric, with their names. */
export function relativeBars(bars: readonly RelativeBar[], baseline: string): PictureSpec {
  const names = new Set(bars.map(({ name }) => name));
  return names.size > MOST_STANDING ? lying(bars, baseline) : standing(bars, baseline);
}

/** Of a group of bars; the rest is the gap to the next group. */
const GROUP = 0.84;
/** Of a bar's place. */
const BAR = 0.86;

/** A group a metric, from 0, in it a bar a strategy. */
function standing(ratios: readonly RelativeBar[], baseline: string): PictureSpec {
  const names = [...new Set(ratios.map(({ name }) => name))];
  const metrics = [...new Set(ratios.map(({ metric }) => metric))];
  const most = Math.max(...ratios.map((ratio) => ratio.most));
  const width = WIDTH - 100;
  const place = GROUP / names.length;
  const room = (width / metrics.length) * place;
  const values = ratios.map((ratio) => {
    const middle = metrics.indexOf(ratio.metric) + (1 - GROUP) / 2 + place * (names.indexOf(ratio.name) + 0.5);
    return { ...ratio, middle, from: middle - (place * BAR) / 2, to: middle + (place * BAR) / 2 };
  });
  const labels = metrics.map((metric, i) => ({ metric, middle: i + 0.5 }));
  const fits = (texts: readonly string[], size: number) =>
    texts.every((text) => textWidth(text, size) * BOLD < room) && size >= SMALLEST;
  const changeSize =
    [13, 12, 11, 10].find((size) =>
      fits(
        values.map(({ text }) => text),
        size,
      ),
    ) ?? SMALLEST;
  const valueSize = [12, 11, 10].find((size) =>
    fits(
      values.map(({ value }) => value),
      size,
    ),
  );
  const x = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, metrics.length], nice: false },
    axis: null,
  });
  const y = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, most * 1.1], nice: false },
    axis: { title: `relative to ${baseline} (%), lower is better`, tickCount: 6, domain: false, ticks: false },
  });
  const color = {
    field: "name",
    type: "nominal",
    scale: colourScale(names),
    legend: { symbolType: "square", columns: columnsFor(names) },
  };
  const whiskers = values.filter(({ runs }) => runs > 1);
  return {
    width,
    height: 320,
    data: { values },
    layer: [
      {
        mark: { type: "bar" },
        encoding: { x: x("from"), x2: { field: "to" }, y: y("percent"), y2: { datum: 0 }, color },
      },
      {
        data: { values: [{ level: 100 }] },
        mark: { type: "rule", strokeDash: [6, 4], color: COLOURS.ink },
        encoding: { y: y("level") },
      },
      {
        data: { values: whiskers },
        mark: { type: "rule", color: COLOURS.ink, strokeWidth: 1.5 },
        encoding: { x: x("middle"), y: y("least"), y2: { field: "most" } },
      },
      ...["least", "most"].map((end) => ({
        data: { values: whiskers },
        mark: { type: "tick", color: COLOURS.ink, thickness: 1.5, size: 12, orient: "horizontal" },
        encoding: { x: x("middle"), y: y(end) },
      })),
      ...HALO.map((paint) => ({
        mark: { type: "text", dy: -9, fontWeight: 600, fontSize: changeSize, ...paint },
        encoding: { x: x("middle"), y: y("most"), text: { field: "text" } },
      })),
      ...(valueSize === undefined
        ? []
        : [
            {
              mark: { type: "text", y: "height", dy: -12, color: COLOURS.ground, fontSize: valueSize, fontWeight: 600 },
              encoding: { x: x("middle"), text: { field: "value" } },
            },
          ]),
      {
        data: { values: labels },
        mark: { type: "text", y: "height", dy: 18, fontSize: 13 },
        encoding: { x: x("middle"), text: { field: "metric" } },
      },
    ],
  } as PictureSpec;
}

/** Semi-bold text is wider, most of all in the fonts that stand in for Inter. */
const BOLD = 1.25;
/** Of a text, in pixels. */
const SMALLEST = 9;

function lying(bars: readonly RelativeBar[], baseline: string): PictureSpec {
  const names = [...new Set(bars.map(({ name }) => name))];
  const metrics = [...new Set(bars.map(({ metric }) => metric))];
  const room = Math.max(...names.map((name) => textWidth(name, 12))) + 16;
  const width = (WIDTH - room - 30) / metrics.length - 12;
  const text = Math.max(...bars.map((bar) => textWidth(`${bar.text} (${bar.value})`, 11))) + 10;
  // What the text takes of the panel is added to the axis.
  const most = Math.max(...bars.map((bar) => bar.most)) * (width / Math.max(width - text, width / 3));
  const panel = (metric: string, i: number) => {
    const values = bars
      .filter((bar) => bar.metric === metric)
      .map((bar) => ({ ...bar, label: bar.text === "" ? bar.value : `${bar.text} (${bar.value})` }));
    const whiskers = values.filter(({ runs }) => runs > 1);
    const axis = i === 0 ? { title: null, domain: false, ticks: false, labelColor: COLOURS.ink } : null;
    const y = { field: "name", type: "nominal", sort: names, axis };
    const x = (field: string) => ({
      field,
      type: "quantitative",
      scale: { domain: [0, most], nice: false },
      axis: { title: `% of ${baseline}`, values: [0, 50, 100, 150, 200], domain: false, ticks: false },
    });
    return {
      title: { text: metric, anchor: "start", fontSize: 12, offset: 6, frame: "group" },
      width,
      height: { step: 28 },
      data: { values },
      layer: [
        {
          mark: { type: "bar", height: { band: 0.66 } },
          encoding: {
            x: x("percent"),
            y,
            color: { field: "name", type: "nominal", scale: colourScale(names), legend: null },
          },
        },
        {
          data: { values: [{ level: 100 }] },
          mark: { type: "rule", strokeDash: [6, 4], color: COLOURS.ink },
          encoding: { x: x("level") },
        },
        {
          data: { values: whiskers },
          mark: { type: "rule", color: COLOURS.ink, strokeWidth: 1.5 },
          encoding: { x: x("least"), x2: { field: "most" }, y },
        },
        ...HALO.map((paint) => ({
          mark: { type: "text", align: "left", dx: 5, fontSize: 11, ...paint },
          encoding: { x: x("most"), y, text: { field: "label" } },
        })),
      ],
    };
  };
  return { spacing: 12, hconcat: metrics.map(panel) } as PictureSpec;
}
