import { existsSync } from "node:fs";
import { UsageError } from "../../../src/cli/usage-error.js";
import {
  OURS,
  type PeerFigures,
  type Results,
  readResults,
  type WorkloadResults,
} from "../../operations/report/results.js";
import { OPERATIONS } from "../../operations/suite/figures.js";
import { columnsFor } from "../draw/curves.js";
import { type Picture, type PictureSpec, WIDTH } from "../draw/picture.js";
import { stylesOf } from "../draw/theme.js";
import { shown } from "../input/number.js";

export interface OperationBenchmarkOptions {
  /** What `npm run bench -- --json <file>` has written, or its contents. */
  file: string | Results;
  title?: string;
  /** Default: the first of the file. */
  workload?: string;
}

const COLUMNS = 3;
const MEMORY = "memory";
const PANEL_HEIGHT = 170;

interface Point {
  panel: string;
  peer: string;
  texts: number;
  value: number;
  /** End of its whisker. */
  p99: number;
}

/** What the tree's operations take (median, whisker to p99) and its memory, by the number of texts in it, a line a tree. */
export function plotOperationBenchmark({ file, title, workload }: OperationBenchmarkOptions): Picture {
  const results = typeof file === "string" ? resultsOf(file) : file;
  const workloads = [...new Set(results.workloads.map((each) => each.workload))];
  const chosen = workload ?? workloads[0]!;
  const sizes = results.workloads.filter((each) => each.workload === chosen);
  if (sizes.length === 0)
    throw new UsageError(`no results of the workload ${chosen}; there are ${workloads.join(", ")}`);
  const points = sizes.flatMap((size) => size.peers.flatMap((peer) => pointsOf(size, peer)));
  if (points.length === 0) throw new UsageError(`the results of the workload ${chosen} have no figures`);
  const peers = [...new Set(points.map(({ peer }) => peer))];
  const panels = [...OPERATIONS, MEMORY].filter((panel) => points.some((point) => point.panel === panel));
  const most = Math.max(...points.map(({ texts }) => texts));
  const atMost = points.filter(({ texts, panel }) => texts === most && panel !== MEMORY);
  const { machine, date } = results;
  return {
    name: `operation_benchmark_${chosen.replaceAll(/[^\w-]+/g, "-")}`,
    title: title ?? `Operations of the tree: ${chosen}`,
    subtitle: `µs a call (median, whisker to p99) and bytes a distinct character, by the number of texts; ${machine.cpu} × ${machine.cores}, Node ${machine.node.replace(/^v/, "")}, ${date.slice(0, 10)}`,
    description: `Curves on logarithmic axes, one a tree, of the median of each operation and of the memory by the number of texts. With ${most.toLocaleString("en")} texts: ${panels
      .filter((panel) => panel !== MEMORY)
      .map(
        (panel) =>
          `${panel}: ${atMost
            .filter((point) => point.panel === panel)
            .map(({ peer, value }) => `${peer} ${shown(value)} µs`)
            .join(", ")}`,
      )
      .join("; ")}.`,
    table: {
      columns: ["operation", "texts", "tree", "median (µs), memory (bytes a character)", "p99 (µs)"],
      rows: points.map((point) => [
        point.panel,
        point.texts,
        point.peer,
        shown(point.value),
        point.panel === MEMORY ? "" : shown(point.p99),
      ]),
    },
    spec: spec(points, panels, peers),
  };
}

function resultsOf(file: string): Results {
  if (!existsSync(file)) throw new UsageError(`there is no file ${file}`);
  try {
    return readResults(file);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function pointsOf(size: WorkloadResults, { peer, figures, memoryBytes }: PeerFigures): Point[] {
  const times = figures.map(({ operation, p50Us, p99Us }) => ({
    panel: operation as string,
    peer,
    texts: size.texts,
    value: p50Us,
    p99: p99Us,
  }));
  if (memoryBytes === null) return times;
  const value = memoryBytes / size.distinctCharacters;
  return [...times, { panel: MEMORY, peer, texts: size.texts, value, p99: value }];
}

function spec(points: readonly Point[], panels: readonly string[], peers: readonly string[]): PictureSpec {
  const times = points.filter(({ panel }) => panel !== MEMORY).flatMap(({ value, p99 }) => [value, p99]);
  const sizes = [...new Set(points.map(({ texts }) => texts))];
  const styles = stylesOf(peers.length);
  const scaled = (range: readonly unknown[]) => ({ domain: [...peers], range });
  const legend = { columns: columnsFor(peers) };
  const color = { field: "peer", type: "nominal", scale: scaled(styles.colours), legend };
  const shape = { field: "peer", type: "nominal", scale: scaled(styles.shapes), legend };
  const strokeDash = { field: "peer", type: "nominal", scale: scaled(styles.dashes), legend: null };
  const x = {
    field: "texts",
    type: "quantitative",
    scale: { type: "log", nice: false, padding: 8 },
    axis: { title: "texts", values: sizes, grid: false, labelExpr: "format(datum.value, '~s')", labelOverlap: true },
  };
  const panel = (name: string) => {
    const memory = name === MEMORY;
    const y = (field: string) => ({
      field,
      type: "quantitative",
      scale: {
        type: "log",
        nice: true,
        ...(memory || times.length === 0 ? {} : { domain: [Math.min(...times), Math.max(...times)] }),
      },
      axis: {
        title: memory ? "bytes a character" : "µs",
        values: memory ? STEPS : POWERS,
        labelExpr: "format(datum.value, datum.value < 1 ? '~r' : '~s')",
        domain: false,
        ticks: false,
        minExtent: 30,
        maxExtent: 30,
        titlePadding: 4,
      },
    });
    return {
      title: { text: name, anchor: "start", fontSize: 12, offset: 6, frame: "group" },
      width: (WIDTH - 40) / COLUMNS - 64,
      height: PANEL_HEIGHT,
      data: { values: points.filter((point) => point.panel === name) },
      layer: [
        ...(memory
          ? []
          : [
              {
                mark: { type: "rule", opacity: 0.45, strokeWidth: 1 },
                encoding: { x, y: y("value"), y2: { field: "p99" }, color },
              },
            ]),
        ...[false, true].flatMap((ours) => {
          const transform = [{ filter: `(datum.peer === '${OURS}') === ${ours}` }];
          const encoding = { x, y: y("value"), color };
          return [
            { transform, mark: { type: "line", strokeWidth: ours ? 3 : 1.6 }, encoding: { ...encoding, strokeDash } },
            {
              transform,
              mark: { type: "point", filled: true, size: ours ? 70 : 40 },
              encoding: { x, y: y("value"), color, shape },
            },
          ];
        }),
      ],
    };
  };
  return {
    columns: COLUMNS,
    spacing: { column: 26, row: 24 },
    concat: panels.map(panel),
    resolve: { scale: { color: "shared", shape: "shared", strokeDash: "shared" } },
  } as unknown as PictureSpec;
}

/** Of an axis that spans few powers of ten. */
const STEPS = [-2, -1, 0, 1, 2].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
const POWERS = Array.from({ length: 12 }, (_, i) => 10 ** (i - 4));
