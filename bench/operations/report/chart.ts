import { OPERATIONS } from "../suite/figures.js";
import { OURS, type PeerFigures, type Results, type WorkloadResults } from "./results.js";

const WIDTH = 960;
const COLUMNS = 3;
const LEFT = 48;
/** Between panels: the labels of an axis. */
const GAP = 44;
const PANEL_WIDTH = (WIDTH - LEFT) / COLUMNS;
const PANEL_HEIGHT = 250;
const PLOT_HEIGHT = 180;
const LEGEND_WIDTH = 140;
const LEGENDS_A_ROW = Math.floor((WIDTH - LEFT) / LEGEND_WIDTH);
/** Room for the whiskers of several peers at one number of texts. */
const WHISKER_STEP = 3;

/** Told apart by the colour-blind (after Okabe and Ito), seen on light and on dark ground. Ours comes first. */
const COLOURS = ["#e4572e", "#2a7fd4", "#12a37a", "#d99a00", "#5bb8f0", "#cc79a7", "#8d8d8d", "#9467d8", "#8c6d46"];
const STYLE =
  "text{fill:#1f2328}.ground{fill:#fff}.grid{stroke:#d8dee4}" +
  "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}.grid{stroke:#30363d}}";

/** The name of a workload's chart. */
export function chartName(workload: string): string {
  return `operations-${workload}.svg`;
}

/**
 * A panel an operation and one for the memory: the number of texts to the right, the median of a call upwards, both
 * logarithmic, a line a peer and a whisker up to its p99. An SVG file.
 */
export function chart(results: Results, workload: string): string {
  const sizes = results.workloads.filter((each) => each.workload === workload);
  const peers = [...new Set(sizes.flatMap((each) => each.peers.map(({ peer }) => peer)))];
  const panels = panelsOf(sizes);
  const top = 52 + 20 * Math.ceil(peers.length / LEGENDS_A_ROW);
  const height = top + Math.ceil(panels.length / COLUMNS) * PANEL_HEIGHT;
  const title = `${workload}: µs a call (median, whisker to p99) and bytes a distinct character, by number of texts`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>`,
    label(LEFT, 26, title, 'font-size="15" font-weight="600"'),
    ...peers.map((peer, i) => legend(peer, i)),
    ...panels.map((panel, i) => {
      const left = LEFT + (i % COLUMNS) * PANEL_WIDTH;
      return drawPanel(panel, sizes, peers, left, top + Math.floor(i / COLUMNS) * PANEL_HEIGHT);
    }),
    "</svg>",
    "",
  ].join("\n");
}

interface Panel {
  title: string;
  pointOf: (peer: PeerFigures, size: WorkloadResults) => Point | null;
  scale: Scale;
}

interface Point {
  value: number;
  /** Where its whisker ends. */
  most: number;
}

/** Powers of ten at the two ends of an axis. */
interface Scale {
  lowest: number;
  highest: number;
}

/** The operations share a scale. */
function panelsOf(sizes: readonly WorkloadResults[]): Panel[] {
  const pointsOf = (pointOf: Panel["pointOf"]) =>
    sizes.flatMap((size) => size.peers.flatMap((peer) => pointOf(peer, size) ?? []));
  const operations = OPERATIONS.map((title) => ({ title, pointOf: timeOf(title) })).filter(
    ({ pointOf }) => pointsOf(pointOf).length > 0,
  );
  const times = scaleOf(
    operations.flatMap(({ pointOf }) => pointsOf(pointOf).flatMap(({ value, most }) => [value, most])),
  );
  const memory = pointsOf(memoryOf).map(({ value }) => value);
  const panels = operations.map((operation) => ({ ...operation, scale: times }));
  if (memory.length === 0) return panels;
  return [...panels, { title: "memory, bytes a distinct character", pointOf: memoryOf, scale: scaleOf(memory) }];
}

function timeOf(operation: string): Panel["pointOf"] {
  return ({ figures }) => {
    const figure = figures.find((each) => each.operation === operation);
    return figure === undefined ? null : { value: figure.p50Us, most: figure.p99Us };
  };
}

function memoryOf({ memoryBytes }: PeerFigures, { distinctCharacters }: WorkloadResults): Point | null {
  if (memoryBytes === null) return null;
  const value = memoryBytes / distinctCharacters;
  return { value, most: value };
}

function scaleOf(values: readonly number[]): Scale {
  const lowest = Math.floor(Math.log10(Math.min(...values)));
  return { lowest, highest: Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...values)))) };
}

function drawPanel(
  { title, pointOf, scale }: Panel,
  sizes: readonly WorkloadResults[],
  peers: readonly string[],
  left: number,
  top: number,
): string {
  const base = top + 24 + PLOT_HEIGHT;
  const right = left + PANEL_WIDTH - GAP;
  const inset = 16;
  const yOf = (value: number) =>
    base - (PLOT_HEIGHT * (Math.log10(value) - scale.lowest)) / (scale.highest - scale.lowest);
  const least = Math.log10(Math.min(...sizes.map(({ texts }) => texts)));
  const range = Math.log10(Math.max(...sizes.map(({ texts }) => texts))) - least;
  const xOf = (texts: number) =>
    range === 0
      ? (left + right) / 2
      : left + inset + ((Math.log10(texts) - least) / range) * (right - left - 2 * inset);
  const parts = [label(left, top + 12, title, 'font-weight="600"')];
  for (let power = scale.lowest; power <= scale.highest; power++) {
    const y = round(yOf(10 ** power));
    parts.push(`<line class="grid" x1="${round(left)}" x2="${round(right)}" y1="${y}" y2="${y}"/>`);
    parts.push(label(left - 6, y + 4, shownPower(power), 'text-anchor="end" font-size="10"'));
  }
  for (const { texts } of sizes) {
    parts.push(label(xOf(texts), base + 16, texts.toLocaleString("en"), 'text-anchor="middle" font-size="10"'));
  }
  // Ours comes first in the legend and is drawn last, above the others.
  for (const [i, name] of [...peers.entries()].reverse()) {
    const shift = (i - (peers.length - 1) / 2) * WHISKER_STEP;
    const points = sizes.flatMap((size) => {
      const peer = size.peers.find((each) => each.peer === name);
      const point = peer === undefined ? null : pointOf(peer, size);
      return point === null
        ? []
        : [{ x: round(xOf(size.texts) + shift), y: round(yOf(point.value)), up: round(yOf(point.most)) }];
    });
    parts.push(drawLine(points, colourOf(i), name === OURS ? 3 : 1.5));
  }
  return parts.filter((part) => part !== "").join("\n");
}

function drawLine(points: readonly { x: number; y: number; up: number }[], colour: string, width: number): string {
  if (points.length === 0) return "";
  const path = points.map(({ x, y }) => `${x},${y}`).join(" ");
  return [
    `<g stroke="${colour}" fill="${colour}">`,
    `<polyline points="${path}" fill="none" stroke-width="${width}"/>`,
    ...points.map(
      ({ x, y, up }) =>
        `<path d="M${x} ${y}V${up}" stroke-width="1" opacity="0.55"/><circle cx="${x}" cy="${y}" r="${1 + width}"/>`,
    ),
    "</g>",
  ].join("");
}

function legend(name: string, index: number): string {
  const x = LEFT + (index % LEGENDS_A_ROW) * LEGEND_WIDTH;
  const y = 52 + 20 * Math.floor(index / LEGENDS_A_ROW);
  return `<circle cx="${x + 5}" cy="${y - 4}" r="5" fill="${colourOf(index)}"/>${label(x + 15, y, name)}`;
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

function label(x: number, y: number, text: string, attributes = ""): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped}</text>`;
}

function shownPower(power: number): string {
  return power >= 3 ? `${(10 ** (power - 3)).toLocaleString("en")}k` : `${Number((10 ** power).toPrecision(1))}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
