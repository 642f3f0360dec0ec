import { OPERATIONS } from "../suite/figures.js";
import type { Results } from "./results.js";

const WIDTH = 960;
const PANEL_HEIGHT = 190;
const TOP = 70;
const LEFT = 70;
const PLOT_HEIGHT = 130;
/** Told apart by the colour-blind too (Okabe and Ito). */
const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#e69f00", "#56b4e9", "#cc79a7", "#999999"];

/** A panel an operation, a group of bars a number of texts, a bar a peer: the p50 on a logarithmic scale. An SVG file. */
export function chart(results: Results): string {
  const names = [...new Set(results.workloads.flatMap(({ peers }) => peers.map(({ peer }) => peer)))];
  const colourOf = (peer: string) => COLOURS[names.indexOf(peer) % COLOURS.length]!;
  const measured = OPERATIONS.filter((operation) => p50sOf(results, operation).length > 0);
  const scale = scaleOf(measured.flatMap((operation) => p50sOf(results, operation)));
  const height = TOP + measured.length * PANEL_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    label(LEFT, 24, "Median time of a call in µs, logarithmic; less is better", 'font-size="15"'),
    ...names.map((name, i) => legend(LEFT + i * 120, 44, name, colourOf(name))),
    ...measured.map((operation, i) => panel(results, operation, TOP + i * PANEL_HEIGHT, scale, colourOf)),
    "</svg>",
    "",
  ].join("\n");
}

interface Scale {
  lowest: number;
  highest: number;
}

/** Whole powers of ten around the values, as exponents. */
function scaleOf(values: readonly number[]): Scale {
  return {
    lowest: Math.floor(Math.log10(Math.min(...values))),
    highest: Math.max(1, Math.ceil(Math.log10(Math.max(...values)))),
  };
}

function p50sOf(results: Results, operation: string): number[] {
  const figures = results.workloads.flatMap(({ peers }) => peers.flatMap((peer) => peer.figures));
  return figures.filter((figure) => figure.operation === operation).map(({ p50Us }) => p50Us);
}

function panel(
  results: Results,
  operation: string,
  top: number,
  scale: Scale,
  colourOf: (peer: string) => string,
): string {
  const base = top + 20 + PLOT_HEIGHT;
  const yOf = (us: number) => base - (PLOT_HEIGHT * (Math.log10(us) - scale.lowest)) / (scale.highest - scale.lowest);
  const group = (WIDTH - LEFT - 20) / results.workloads.length;
  const parts = [label(LEFT, top + 12, operation, 'font-weight="bold"')];
  for (let power = scale.lowest; power <= scale.highest; power++) {
    const y = yOf(10 ** power);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y}" y2="${y}" stroke="#ddd"/>`);
    parts.push(label(LEFT - 6, y + 4, `${10 ** power}`, 'text-anchor="end"'));
  }
  results.workloads.forEach(({ texts, peers }, i) => {
    const left = LEFT + i * group + 10;
    const width = (group - 20) / peers.length;
    parts.push(label(left, base + 15, `${texts} texts`));
    peers.forEach(({ peer, figures }, j) => {
      const p50 = figures.find((figure) => figure.operation === operation)?.p50Us;
      if (p50 === undefined) return;
      const [x, y] = [left + j * width, yOf(p50)];
      parts.push(`<rect x="${x}" y="${y}" width="${width - 3}" height="${base - y}" fill="${colourOf(peer)}"/>`);
      parts.push(label(x + (width - 3) / 2, y - 3, shown(p50), 'text-anchor="middle" font-size="9"'));
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
