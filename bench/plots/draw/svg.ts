import type { Config } from "vega-lite";
import type { Picture } from "./picture.js";
import { WIDTH } from "./picture.js";
import { textWidth, wrapped } from "./text.js";
import { COLOURS, darkened, darkRules, PALETTE, type Theme } from "./theme.js";

const FONT = "Inter, system-ui, sans-serif";
const TITLE_SIZE = 16;
const SUBTITLE_SIZE = 12;
const PADDING = 14;

/**
 * A picture as an SVG file. In the theme `auto` it is light, and dark where the reader prefers that: a README needs one file
 * for both grounds.
 */
export async function toSvg(picture: Picture, theme: Theme): Promise<string> {
  const svg = await drawn(picture);
  if (theme === "dark") return darkened(svg);
  return theme === "light" ? svg : svg.replace("</desc>", `</desc><style>${darkRules()}</style>`);
}

/** In the light theme. */
async function drawn(picture: Picture): Promise<string> {
  // Loaded when something is drawn: the program has other commands.
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  // Vega asks a canvas for widths, and guesses without one: too wide for legends, too narrow for capitals. The export is not
  // in its typings.
  const { textMetrics } = vega as unknown as { textMetrics: { width: TextMeasure } };
  textMetrics.width = (item, text) => textWidth(String(text ?? ""), item.fontSize ?? 11);
  const title = {
    text: wrapped(picture.title, TITLE_SIZE, WIDTH - 2 * PADDING),
    ...(picture.subtitle === "" ? {} : { subtitle: wrapped(picture.subtitle, SUBTITLE_SIZE, WIDTH - 2 * PADDING) }),
  };
  const { spec } = compile({ ...picture.spec, title, config: CONFIG }, { logger: silent });
  const view = new vega.View(vega.parse(spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return named(svg, picture);
}

/** With title and description for screen readers, and ids that stay apart when pictures share a page. */
function named(svg: string, { name, title, description }: Picture): string {
  const id = name.replaceAll(/[^\w-]/g, "-");
  const root = `role="img" aria-labelledby="${id}-title ${id}-desc" font-family="${FONT}"`;
  const words = `<title id="${id}-title">${escaped(title)}</title><desc id="${id}-desc">${escaped(description)}</desc>`;
  return (
    svg
      // Hundredths of a pixel are enough.
      .replaceAll(/<[^>]*>/g, (tag) =>
        tag.replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))),
      )
      .replace(/\b(id="|url\(#)((?:clip|gradient)\w*)/g, `$1${id}-$2`)
      // To a screen reader the picture is one image; its parts have roles without names, and classes that nothing styles.
      .replaceAll(/ (?:font-family|class|role|aria-[a-z]+)="[^"]*"/g, "")
      .replace(/^<svg ([^>]*)>/, (_, attributes: string) => `<svg ${attributes} ${root}>${words}`)
      .concat("\n")
  );
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** d3-format's SI prefixes only where they shorten: no `0k`, no `200m`. Names are left as they are. */
const AXIS_LABEL =
  "isNumber(datum.value) ? abs(datum.value) >= 10000 ? format(datum.value, '~s') : format(datum.value, ',~r') : datum.label";

const CONFIG: Config = {
  background: COLOURS.ground,
  padding: PADDING,
  font: FONT,
  aria: false,
  title: {
    anchor: "start",
    frame: "bounds",
    color: COLOURS.ink,
    fontSize: TITLE_SIZE,
    fontWeight: 600,
    subtitleColor: COLOURS.dim,
    subtitleFontSize: SUBTITLE_SIZE,
    subtitlePadding: 6,
    offset: 14,
  },
  view: { stroke: null },
  mark: { opacity: 1 },
  tick: { opacity: 1 },
  axis: {
    labelFlush: false,
    labelExpr: AXIS_LABEL,
    labelColor: COLOURS.dim,
    titleColor: COLOURS.ink,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 400,
    titlePadding: 10,
    gridColor: COLOURS.grid,
    domainColor: COLOURS.dim,
    tickColor: COLOURS.grid,
    labelLimit: 300,
  },
  legend: {
    orient: "top",
    direction: "horizontal",
    title: null,
    labelColor: COLOURS.ink,
    labelFontSize: 12,
    labelLimit: 260,
    symbolOpacity: 1,
    symbolSize: 90,
    symbolStrokeWidth: 0,
    columnPadding: 18,
    rowPadding: 4,
    offset: 12,
  },
  text: { color: COLOURS.ink, fontSize: 12 },
  range: { category: [...PALETTE] },
};

type TextMeasure = (item: { fontSize?: number }, text: unknown) => number;

const silent = {
  level: () => silent,
  error: fail,
  warn: () => silent,
  info: () => silent,
  debug: () => silent,
} as never;

function fail(...words: readonly unknown[]): never {
  throw new Error(words.join(" "));
}
