import type { TopLevelSpec } from "vega-lite";

/** What a figure gives: what to draw, and the same in words and numbers for whoever does not see it. */
export interface Picture {
  /** Of its files, without the ending. */
  name: string;
  title: string;
  /** Under the title: the conditions of the measurement. */
  subtitle: string;
  /** The alternative text: what is to be seen, with its figures. */
  description: string;
  /** The figures that are drawn, or of a curve its summary. */
  table: PictureTable;
  /** Vega-Lite, in the colours of the light theme. */
  spec: PictureSpec;
}

export interface PictureTable {
  columns: string[];
  rows: (string | number)[][];
}

export type PictureSpec = TopLevelSpec;

/** Of every picture, in pixels: a README's column. */
export const WIDTH = 860;
