import { OPERATIONS } from "../suite/figures.js";
import type { PeerFigures, Results, Workload } from "./results.js";

const WIDTH = 960;
const PANEL_HEIGHT = 190;
const TOP = 70;
const LEFT = 70;
const PLOT_HEIGHT = 130;
/** Told apart by the colour-blind too (Okabe and Ito). */
const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#e69f00", "#56b4e9", "#cc79a7", "#999999"];

/**
 * A panel an operation with the median times, and one of the memory: a group of bars a number of texts, a bar a peer, on a
 * logarithmic scale. An SVG file.
 */
export function chart(results: Results): string {
  const names = [...new Set(results.workloads.flatMap(({ peers }) => peers.map(({ peer }) => peer)))];
  const colourOf = (peer: string) => COLOURS[names.indexOf(peer) % COLOURS.length]!;
  const panels = panelsOf(results);
  const height = TOP + panels.length * PANEL_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    label(LEFT, 24, "Median time of a call in µs, and memory; logarithmic, less is better", 'font-size="15"'),
    ...names.map((name, i) => legend(LEFT + i * 120, 44, name, colourOf(name))),
    ...panels.map((panel, i) => draw(results.workloads, panel, TOP + i * PANEL_HEIGHT, colourOf)),
    "</svg>",
    "",
  ].join("\n");
}

interface Panel {
  title: string;
  /** Null where the peer has no such figure. */
  figureOf: (workload: Workload, peer: PeerFigures) => number | null;
  scale: Scale;
}

/** Powers of ten at the bottom and the top of a panel. */
interface Scale {
  lowest: number;
  highest: number;
}

/** The operations share a scale. */
function panelsOf({ workloads }: Results): Panel[] {
  const figuresOf = (figureOf: Panel["figureOf"]) =>
    workloads.flatMap((workload) => workload.peers.flatMap((peer) => figureOf(workload, peer) ?? []));
  const operations = OPERATIONS.map((title) => ({
    title,
    figureOf: (_: Workload, { figures }: PeerFigures) =>
      figures.find((each) => each.operation === title)?.p50Us ?? null,
  })).filter(({ figureOf }) => figuresOf(figureOf).length > 0);
  const times = scaleOf(operations.flatMap(({ figureOf }) => figuresOf(figureOf)));
  const memory = {
    title: "memory, bytes a distinct character",
    figureOf: ({ distinctCharacters }: Workload, { memoryBytes }: PeerFigures) =>
      memoryBytes === null ? null : memoryBytes / distinctCharacters,
  };
  return [
    ...operations.map((operation) => ({ ...operation, scale: times })),
    { ...memory, scale: scaleOf(figuresOf(memory.figureOf)) },
  ];
}

function scaleOf(values: readonly number[]): Scale {
  return {
    lowest: Math.floor(Math.log10(Math.min(...values))),
    highest: Math.max(1, Math.ceil(Math.log10(Math.max(...values)))),
  };
}

function draw(
  workloads: readonly Workload[],
  { title, figureOf, scale }: Panel,
  top: number,
  colourOf: (peer: string) => string,
): string {
  const base = top + 20 + PLOT_HEIGHT;
  const yOf = (value: number) =>
    base - (PLOT_HEIGHT * (Math.log10(value) - scale.lowest)) / (scale.highest - scale.lowest);
  const group = (WIDTH - LEFT - 20) / workloads.length;
  const parts = [label(LEFT, top + 12, title, 'font-weight="bold"')];
  for (let power = scale.lowest; power <= scale.highest; power++) {
    const y = yOf(10 ** power);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y}" y2="${y}" stroke="#ddd"/>`);
    parts.push(label(LEFT - 6, y + 4, `${10 ** power}`, 'text-anchor="end"'));
  }
  workloads.forEach((workload, i) => {
    const left = LEFT + i * group + 10;
    const width = (group - 20) / workload.peers.length;
    parts.push(label(left, base + 15, `${workload.texts} texts`));
    workload.peers.forEach((peer, j) => {
      const value = figureOf(workload, peer);
      if (value === null) return;
      const [x, y] = [left + j * width, yOf(value)];
      parts.push(`<rect x="${x}" y="${y}" width="${width - 3}" height="${base - y}" fill="${colourOf(peer.peer)}"/>`);
      parts.push(label(x + (width - 3) / 2, y - 3, shown(value), 'text-anchor="middle" font-size="9"'));
    });
  });
  return parts.join("\n");
}

function legend(x: number, y: number, name: string, colour: string): string {
  return `<rect x="${x}" y="${y}" width="10" height="10" fill="${colour}"/>\n${label(x + 15, y + 9, name)}`;
}

function label(x: number, y: number, text: string, attributes = ""): string {
  return `<text x="${x}" y="${y}" fill="#222" ${attributes}>${text}</text>`;
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(2)).toString();
}
