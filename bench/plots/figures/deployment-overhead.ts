import { UsageError } from "../../../src/cli/usage-error.js";
import type { Picture, PictureSpec } from "../draw/picture.js";
import { WIDTH } from "../draw/picture.js";
import { COLOURS, PALETTE } from "../draw/theme.js";
import { duration, mean, quantile, shown } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import { numberIn, requireColumns, selected, type Where } from "../input/table.js";

export interface DeploymentOverheadOptions {
  /** `deployment_overhead`, as CSV or JSON. */
  file: Files;
  title?: string;
  where?: Where;
}

/** From one column to the next, in the order of a request's life, and whose time that is. */
const STAGES = [
  { from: "received_s", to: "asked_s", name: "received → policy asked (with waiting)", whose: "router" },
  { from: "asked_s", to: "matched_s", name: "asked → matched", whose: "router" },
  { from: "matched_s", to: "chosen_s", name: "matched → leased and inserted", whose: "router" },
  { from: "chosen_s", to: "sent_s", name: "sent → accepted by the replica", whose: "way to the replica" },
  { from: "sent_s", to: "first_token_s", name: "accepted → first token", whose: "replica and way back" },
  { from: "first_token_s", to: "ended_s", name: "first token → end", whose: "replica and way back" },
] as const;
const WHOSE = [
  { name: "router", colour: PALETTE[0]!, mark: "circle" },
  { name: "way to the replica", colour: PALETTE[3]!, mark: "diamond" },
  { name: "replica and way back", colour: PALETTE[1]!, mark: "square" },
];
/** A clock's step, in seconds: what took no time by it is drawn there, on an axis without a zero. */
const LEAST = 1e-7;

/** What of a request's time is the router's, the way to the replica, and the replica's: the median and how it is spread. */
export function plotDeploymentOverhead({ file, title, where }: DeploymentOverheadOptions): Picture {
  const table = selected(readTable(file, "deployment_overhead"), where);
  requireColumns(table, "received_s", "ended_s");
  const stages = STAGES.flatMap(({ from, to, name, whose }) => {
    if (!table.columns.includes(from) || !table.columns.includes(to)) return [];
    const seconds = table.rows
      .flatMap((row) => {
        const start = numberIn(table, row, from);
        const end = numberIn(table, row, to);
        return start === null || end === null ? [] : end - start;
      })
      .sort((a, b) => a - b);
    if (seconds.length === 0) return [];
    const at = (share: number) => quantile(seconds, share);
    return [
      {
        name,
        whose,
        count: seconds.length,
        mean: mean(seconds),
        p5: at(0.05),
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        most: seconds.at(-1)!,
      },
    ];
  });
  if (stages.length === 0)
    throw new UsageError(`${table.name}: no request has two of the times ${STAGES.map(({ from }) => from).join(", ")}`);
  // In virtual time the router takes none: a stage in which time never passed has no place on a logarithmic axis.
  const passing = stages.filter(({ most }) => most > 0);
  if (passing.length === 0) throw new UsageError(`${table.name}: no stage of any request took time`);
  const timeless = stages.length - passing.length;
  const total = stages.reduce((sum, stage) => sum + stage.mean, 0);
  const router = stages.filter(({ whose }) => whose === "router").reduce((sum, stage) => sum + stage.mean, 0);
  const share = `${shown((router / total) * 100)} %`;
  const ofRequest =
    router > 0
      ? `the router takes ${share} of a request (${duration(router)} of ${duration(total)} on average)`
      : `no time passes in ${timeless} stages, those of the router among them (virtual time)`;
  return {
    name: "deployment_overhead",
    title: title ?? "Where a request's time goes",
    subtitle: `${table.rows.length.toLocaleString("en")} requests; ${ofRequest}; dot: median, line: p5 to p95, tick: p99`,
    description: `Stages of a request on a logarithmic axis of time: ${passing
      .map((stage) => `${stage.name} median ${duration(stage.p50)}, p99 ${duration(stage.p99)}`)
      .join("; ")}. In all ${ofRequest}.`,
    table: {
      columns: ["stage", "whose", "mean", "p5", "median", "p95", "p99"],
      rows: stages.map((stage) => [
        stage.name,
        stage.whose,
        ...[stage.mean, stage.p5, stage.p50, stage.p95, stage.p99].map(duration),
      ]),
    },
    spec: spec(passing),
  };
}

function spec(
  stages: readonly { name: string; whose: string; p5: number; p50: number; p95: number; p99: number }[],
): PictureSpec {
  const values = stages.map((stage) => ({
    name: stage.name,
    whose: stage.whose,
    text: duration(stage.p50),
    ...Object.fromEntries(
      (["p5", "p50", "p95", "p99"] as const).map((key) => [key, Math.max(LEAST, stage[key]) * 1000]),
    ),
  }));
  const whose = WHOSE.filter(({ name }) => stages.some((stage) => stage.whose === name));
  const y = {
    field: "name",
    type: "nominal",
    sort: null,
    axis: { title: null, domain: false, ticks: false, labelColor: COLOURS.ink },
  };
  const x = (field: string) => ({
    field,
    type: "quantitative",
    scale: { type: "log", nice: true },
    axis: {
      title: "time (logarithmic)",
      domain: false,
      tickCount: 8,
      values: [1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1e3, 1e4, 1e5],
      labelExpr:
        "datum.value < 0.0009 ? format(datum.value * 1e6, 'd') + ' ns' : datum.value < 0.9 ? format(datum.value * 1e3, 'd') + ' µs' : datum.value < 900 ? format(datum.value, 'd') + ' ms' : format(datum.value / 1e3, 'd') + ' s'",
    },
  });
  const domain = whose.map(({ name }) => name);
  const color = {
    field: "whose",
    type: "nominal",
    scale: { domain, range: whose.map(({ colour }) => colour) },
    legend: {},
  };
  const shape = { field: "whose", type: "nominal", scale: { domain, range: whose.map(({ mark }) => mark) } };
  return {
    width: WIDTH - 290,
    height: { step: 42 },
    data: { values },
    layer: [
      { mark: { type: "rule", strokeWidth: 3 }, encoding: { x: x("p5"), x2: { field: "p95" }, y, color } },
      { mark: { type: "rule", strokeWidth: 1 }, encoding: { x: x("p95"), x2: { field: "p99" }, y, color } },
      { mark: { type: "tick", thickness: 2, size: 12 }, encoding: { x: x("p99"), y, color } },
      { mark: { type: "point", filled: true, size: 110, opacity: 1 }, encoding: { x: x("p50"), y, color, shape } },
      { mark: { type: "text", dy: -13, fontWeight: 600 }, encoding: { x: x("p50"), y, text: { field: "text" } } },
    ],
  } as PictureSpec;
}
