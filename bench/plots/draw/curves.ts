import type { Series } from "../input/series.js";
import { WIDTH } from "./picture.js";
import { textWidth } from "./text.js";
import { COLOURS, HALO, stylesOf } from "./theme.js";

export interface Curves {
  series: readonly Series[];
  /** Drawn over the others, thicker and in the text's colour. */
  overall?: Series;
  yTitle: string;
  /** Upper end of the y axis, where it has one by nature. */
  yMost?: number;
  height: number;
  /** Horizontal lines with their names. */
  levels?: readonly { value: number; name: string; below?: boolean }[];
  /** Times of light vertical lines. */
  moments?: readonly number[];
  /** Of the x axis; an empty text leaves it to the panel below. */
  xTitle?: string;
  xMost?: number;
  legend?: boolean;
}

export const X_TITLE = "time since the start (s)";
/** Marks on a curve: enough to tell it by, few enough to see the line. */
const MARKS = 12;
/** The overall curve's mark in the legend: a piece of it. */
const BAR = "M-1.2,-0.25H1.2V0.25H-1.2Z";
/** Of the axis on the left, so that panels below each other are as wide. */
const AXIS_ROOM = 62;

/** Layers of a Vega-Lite view: curves over time, told apart by colour, pattern and mark. */
export function curves(options: Curves): object {
  const { series, overall, yTitle, height, levels = [], moments = [], legend = true, xTitle = X_TITLE } = options;
  const all = overall === undefined ? [...series] : [...series, overall];
  const names = all.map(({ name }) => name);
  const styles = stylesOf(series.length);
  const range = <T>(of: readonly T[], ofOverall: T) => (overall === undefined ? of : [...of, ofOverall]);
  const values = all.flatMap(({ name, points }, s) => {
    const step = Math.max(1, Math.round(points.length / MARKS));
    const offset = Math.floor((step * s) / all.length);
    return points.map(({ time, value }, i) => ({ time, value, series: name, mark: i % step === offset }));
  });
  const shownLegend = legend ? { columns: columnsFor(names) } : null;
  const scale = {
    color: { field: "series", type: "nominal", scale: { domain: names, range: range(styles.colours, COLOURS.ink) } },
    dash: { field: "series", type: "nominal", scale: { domain: names, range: range(styles.dashes, [1, 0]) } },
    shape: { field: "series", type: "nominal", scale: { domain: names, range: range(styles.shapes, BAR) } },
  };
  const x = {
    field: "time",
    type: "quantitative",
    scale: { nice: false, zero: true, ...(options.xMost === undefined ? {} : { domain: [0, options.xMost] }) },
    axis: { title: xTitle === "" ? null : xTitle, grid: false, labels: xTitle !== "", tickCount: 10 },
  };
  const y = {
    field: "value",
    type: "quantitative",
    scale: { zero: true, nice: true, ...(options.yMost === undefined ? {} : { domain: [0, options.yMost] }) },
    axis: {
      title: yTitle,
      tickCount: Math.round(height / 45),
      domain: false,
      minExtent: AXIS_ROOM - 24,
      maxExtent: AXIS_ROOM - 24,
    },
  };
  return {
    width: WIDTH - AXIS_ROOM - 40,
    height,
    layer: [
      ...moments.map((time) => ({
        data: { values: [{ time }] },
        mark: { type: "rule", color: COLOURS.grid, strokeDash: [2, 3] },
        encoding: { x },
      })),
      {
        data: { values: values.filter(({ series: name }) => name !== overall?.name) },
        mark: { type: "line", strokeWidth: 1.6, invalid: "break-paths-show-domains" },
        encoding: {
          x,
          y,
          color: { ...scale.color, legend: shownLegend },
          strokeDash: { ...scale.dash, legend: null },
        },
      },
      {
        data: {
          values: values.filter(({ mark, value, series: name }) => mark && value !== null && name !== overall?.name),
        },
        mark: { type: "point", filled: true, size: 46, opacity: 1 },
        encoding: {
          x,
          y,
          color: { ...scale.color, legend: shownLegend },
          shape: { ...scale.shape, legend: shownLegend },
        },
      },
      ...(overall === undefined
        ? []
        : [
            {
              data: { values: values.filter(({ series: name }) => name === overall.name) },
              mark: { type: "line", strokeWidth: 3.2, color: COLOURS.ink, invalid: "break-paths-show-domains" },
              encoding: { x, y },
            },
          ]),
      ...levels.flatMap(({ value, name, below }) => [
        {
          data: { values: [{ value }] },
          mark: { type: "rule", color: COLOURS.ink, strokeDash: [6, 4], strokeWidth: 1.2 },
          encoding: { y },
        },
        ...HALO.map((paint) => ({
          data: { values: [{ value, name }] },
          mark: { type: "text", align: "left", dy: below ? 9 : -8, x: 6, ...paint },
          encoding: { y, text: { field: "name" } },
        })),
      ]),
    ],
  };
}

/** As many legends as stand side by side. */
export function columnsFor(names: readonly string[]): number {
  const widest = Math.max(...names.map((name) => textWidth(name, 12))) + 44;
  return Math.max(1, Math.min(names.length, Math.floor((WIDTH - 60) / widest)));
}
