import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { plotServeLoadDistribution, plotServeMetricSummary } from "../../../bench/plots/index.js";
import { curvesOf, engineMetric } from "../../../bench/plots/input/engine.js";
import { bareMetric, metricLabel } from "../../../bench/plots/input/metrics.js";
import { duration, quantile } from "../../../bench/plots/input/number.js";
import { readTable } from "../../../bench/plots/input/read.js";
import { averageOf, sampled, slidingMean } from "../../../bench/plots/input/series.js";
import { selected, type Table } from "../../../bench/plots/input/table.js";
import { PREFIX_AWARE, SERVE, VLLM } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "warmroute-plots-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, contents: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
  return path;
}

const HEADER = "router,time_s,replica,queue_length\n";

describe("a table is read", () => {
  const rows = [{ router: "", time_s: "1", replica: "a", queue_length: "2" }];

  test("from CSV, its byte order mark and the line feeds of Windows ignored", () => {
    expect(readTable(file("a.csv", `\uFEFF${HEADER}`.replace("\n", "\r\n") + ",1,a,2\r\n")).rows).toEqual(rows);
  });

  test("from JSON: an array of objects, or the results that warmroute writes", () => {
    const objects = [{ time_s: 1, replica: "a", queue_length: 2 }];
    expect(readTable(file("a.json", JSON.stringify(objects))).rows).toEqual(objects);
    const columns = ["time_s", "replica", "queue_length"];
    const tables = { load_distribution: { columns, rows: [[1, "a", 2]], dropped: 0 } };
    const results = file(
      "b.json",
      JSON.stringify({ format: "warmroute-results", version: 1, run: { label: "" }, tables }),
    );
    expect(readTable(results, "load_distribution").rows).toEqual(objects);
    expect(() => readTable(results, "evictions")).toThrow("b.json has no table evictions; it has load_distribution");
  });

  test("from JSON Lines, an object a line", () => {
    expect(readTable(file("a.jsonl", '{"a":1}\n\n{"a":2,"b":3}\n'))).toMatchObject({
      columns: ["a", "b"],
      rows: [{ a: 1 }, { a: 2, b: 3 }],
    });
    expect(() => readTable(file("b.jsonl", '{"a":1}\n{"a":'))).toThrow(/b\.jsonl, line 2: not JSON/);
    expect(() => readTable(file("c.json", "[1]"))).toThrow(/c\.json: record 1 must be an object/);
  });

  test("of a folder: the table's file, or as the reference has it a folder of the routers' files", () => {
    expect(readTable(PREFIX_AWARE, "load_distribution").name).toBe(`${PREFIX_AWARE}/load_distribution.csv`);
    for (const router of ["one", "two"]) file(`custom/load_distribution/${router}.csv`, `${HEADER},1,a,2\n`);
    const merged = readTable(join(folder, "custom"), "load_distribution");
    expect(merged.rows.map(({ router }) => String(router).slice(-7))).toEqual(["one.csv", "two.csv"]);
    expect(() => readTable(folder, "evictions")).toThrow(
      /has neither evictions\.csv nor evictions\.json, nor such files in evictions\/$/,
    );
    expect(() => readTable(folder)).toThrow(/is a folder; a CSV or JSON file was expected/);
  });

  test("or is refused, with the file and what is wrong with it", () => {
    expect(() => readTable(join(folder, "none.csv"))).toThrow(`there is no file ${join(folder, "none.csv")}`);
    expect(() => readTable(file("empty.csv", "\n"))).toThrow(/empty\.csv is empty/);
    expect(() => readTable(file("short.csv", "a,b\n1\n"))).toThrow(/short\.csv, row 1: Too few fields/);
  });
});

describe("rows are selected", () => {
  const table = readTable(SERVE);

  test("by values of columns, numbers and booleans as such", () => {
    expect(selected(table, { benchmark_label: "second" }).rows).toHaveLength(2);
    expect(selected(table, { request_router: ["pow_of_2", "round_robin"] }).rows).toHaveLength(7);
    expect(selected(table, { request_rate: 100.0, with_warmup: false }).rows).toHaveLength(11);
  });

  test("and an empty selection says what there is", () => {
    expect(() => selected(table, { benchmark_label: "third" })).toThrow(
      /has benchmark_label=third; there is first, second$/,
    );
    expect(() => selected(table, { benchmark_label: "second", request_router: "round_robin" })).toThrow(
      /has request_router=round_robin with the other conditions; there is pow_of_2, prefix_aware$/,
    );
    expect(() => selected(table, { lable: "x" })).toThrow(/has no column lable; it has gpu_type, model_name/);
  });
});

describe("a plot says", () => {
  test("which metrics a file has when it has not that one", () => {
    expect(() => plotServeMetricSummary({ file: SERVE, metric: "mean_tftt_ms" })).toThrow(
      /has no metric mean_tftt_ms; it has num_servers, .*mean_ttft_ms/,
    );
  });

  test("which columns are missing", () => {
    const other = file("other.csv", "time_s,worker\n1,a\n");
    expect(() => plotServeLoadDistribution({ file: other })).toThrow(
      /has no columns replica, queue_length; it has time_s, worker$/,
    );
    expect(() => plotServeMetricSummary({ file: other, metric: "time_s" })).toThrow(/has no column request_router/);
  });

  test("which value is no number", () => {
    const wrong = file("wrong.csv", `${HEADER},1,a,2\n,2,a,many\n`);
    expect(() => plotServeLoadDistribution({ file: wrong })).toThrow(
      /wrong\.csv: queue_length of row 2 must be a number, not "many"$/,
    );
  });
});

test("metrics are known with and without what Ray and vLLM put before them, and by what they are", () => {
  for (const name of [
    "vllm:e2e_request_latency_seconds",
    "ray_vllm_e2e_request_latency_seconds",
    "e2e_request_latency_seconds",
  ]) {
    expect(bareMetric(name)).toBe("e2e_request_latency_seconds");
  }
  expect(readTable(VLLM).columns.map(bareMetric)).toContain("request_queue_time_seconds");
  expect(metricLabel("p99_itl_ms", 1)).toEqual({ label: "p99 ITL", unit: "ms", scale: 1 });
  expect(metricLabel("e2e_request_latency_seconds", 3)).toMatchObject({ unit: "s", scale: 1 });
  expect(metricLabel("request_queue_time_seconds", 0.3)).toMatchObject({ unit: "ms", scale: 1000 });
  expect(metricLabel("vllm:kv_cache_usage_perc", 0.5)).toMatchObject({
    label: "kv cache usage",
    unit: "%",
    scale: 100,
  });
});

test("quantiles are numpy's linear ones", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4], 0.95)).toBeCloseTo(3.85, 12);
  expect([0.0000123, 0.0456, 12.3].map(duration)).toEqual(["12.3 µs", "45.6 ms", "12.3 s"]);
});

describe("curves", () => {
  const table = (rows: [string, number, string, number][]): Table => ({
    name: "t",
    columns: ["router", "time_s", "replica", "queue_length"],
    rows: rows.map(([router, time_s, replica, queue_length]) => ({ router, time_s, replica, queue_length })),
  });

  test("of several routers are added in each interval, though their clocks are not in step", () => {
    const both = table([
      ["r1", 100.0, "a", 1],
      ["r2", 100.3, "a", 2],
      ["r1", 101.0, "a", 3],
      ["r2", 101.3, "a", 4],
    ]);
    const [added] = sampled(both, "queue_length", "added");
    expect(added!.points).toEqual([
      { time: 0, value: 3 },
      { time: 1, value: 7 },
    ]);
    expect(sampled(both, "queue_length", "averaged")[0]!.points.map(({ value }) => value)).toEqual([1.5, 3.5]);
  });

  test("are averaged over the replicas that have a value", () => {
    const series = sampled(
      table([
        ["", 0, "a", 2],
        ["", 1, "a", 4],
        ["", 1, "b10", 0],
        ["", 1, "b9", 2],
      ]),
      "queue_length",
      "added",
    );
    expect(series.map(({ name }) => name)).toEqual(["a", "b9", "b10"]);
    expect(averageOf(series).points.map(({ value }) => value)).toEqual([2, 2]);
  });

  test("of events are the mean over the window before each time, and none where it is empty", () => {
    const events = [1, 2, 3, 9].map((time) => ({ time, value: time * 10 }));
    expect(slidingMean(events, 2, [0, 2, 3, 6, 9]).map(({ value }) => value)).toEqual([null, 15, 25, null, 90]);
  });

  const scrapes = (metric: string, values: Record<string, number[]>): Table => ({
    name: "m",
    columns: ["time_s", "replica", "metric", "value"],
    rows: Object.entries(values).flatMap(([key, list]) => {
      const [replica, suffix = ""] = key.split(" ");
      return list.map((value, i) => ({
        time_s: 50 + i * 2,
        replica: replica!,
        metric: `vllm:${metric}${suffix}`,
        value,
      }));
    }),
  });

  test("of a histogram are its sum's growth over its count's in the window", () => {
    const all = scrapes("wait", {
      "a _sum": [1, 2, 6, 6],
      "a _count": [1, 3, 4, 4],
      "b _sum": [0, 8, 8, 8],
      "b _count": [0, 2, 2, 2],
    });
    const { series, overall } = curvesOf(engineMetric(all, "ray_vllm:wait"), { window: 4, rate: false });
    const values = (points: { value: number | null }[]) => points.map(({ value }) => value);
    expect(series.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(values(series[0]!.points)).toEqual([null, 0.5, 5 / 3, 4]);
    expect(values(series[1]!.points)).toEqual([null, 4, 4, null]);
    expect(values(overall.points)).toEqual([null, 9 / 4, 13 / 5, 4]);
  });

  test("of a counter are its values over all labels, or its growth a second", () => {
    const labels = scrapes("done_total", { 'a {reason="stop"}': [0, 2, 4], 'a {reason="length"}': [1, 1, 5] });
    const metric = engineMetric(labels, "done");
    const values = (rate: boolean) => curvesOf(metric, { window: 2, rate }).series[0]!.points.map(({ value }) => value);
    expect(values(false)).toEqual([1, 3, 9]);
    expect(values(true)).toEqual([null, 1, 3]);
  });
});
