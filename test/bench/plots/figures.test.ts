import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { PALETTE } from "../../../bench/plots/draw/theme.js";
import {
  countRoutingMatches,
  plotBenchmarkComparison,
  plotDeploymentOverhead,
  plotEvictionPolicy,
  plotOperationBenchmark,
  plotServeLoadDistribution,
  plotServeMetricSummary,
  plotServePrefixMatchRate,
  plotVllmMetricSummary,
  plotVllmMetricTimeseries,
  toSvg,
} from "../../../bench/plots/index.js";
import { fixture, POW_OF_2, PREFIX_AWARE, pathsIn, REPLICAS, SERVE, textsOf, VLLM, words } from "./support.js";

const first = { benchmark_label: "first" };

describe("plotServeMetricSummary", () => {
  test("has a bar a strategy with its mean, the unit on the axis, and whiskers from the least run to the most", async () => {
    const picture = plotServeMetricSummary({ file: SERVE, metric: "mean_ttft_ms", where: first });
    expect(await words(picture)).toEqual(
      expect.arrayContaining([
        "Mean TTFT",
        "pow_of_2",
        "prefix_aware",
        "round_robin",
        "241",
        "132",
        "270",
        "mean TTFT (ms)",
      ]),
    );
    expect(picture.subtitle).toContain("3 runs each; whiskers: min to max");
    expect(picture.table.rows).toEqual([
      ["pow_of_2", "241", "233", "250", 3],
      ["prefix_aware", "132", "128", "137", 3],
      ["round_robin", "270", "261", "280", 3],
    ]);
    expect(picture.description).toContain("prefix_aware 132 ms (128 to 137)");
  });

  test("does not mix runs whose settings differ, unless told to", () => {
    const names = (by?: string) =>
      plotServeMetricSummary({ file: SERVE, metric: "duration", ...(by && { by }) }).table.rows.map(([name]) => name);
    expect(names()).toEqual([
      "pow_of_2, first",
      "prefix_aware, first",
      "round_robin, first",
      "pow_of_2, second",
      "prefix_aware, second",
    ]);
    expect(names("request_router")).toEqual(["pow_of_2", "prefix_aware", "round_robin"]);
  });

  test("has no whiskers for single runs", () => {
    const picture = plotServeMetricSummary({ file: SERVE, metric: "duration", where: { benchmark_label: "second" } });
    expect(picture.subtitle).toMatch(/one run each$/);
  });
});

describe("plotVllmMetricSummary", () => {
  test.each([
    "request_prefill_time_seconds",
    "vllm:request_prefill_time_seconds",
    "ray_vllm:request_prefill_time_seconds",
  ])("draws %s, in milliseconds where it is short", async (metric) => {
    const picture = plotVllmMetricSummary({ file: VLLM, metric, where: first });
    expect(picture.name).toBe("vllm_metric_summary_request_prefill_time_seconds");
    expect(await words(picture)).toEqual(expect.arrayContaining(["request prefill time (ms)", "pow_of_2", "77.3"]));
  });
});

describe("plotServeLoadDistribution", () => {
  test("has a curve a replica and their average", async () => {
    const picture = plotServeLoadDistribution({ file: PREFIX_AWARE, title: "Load" });
    const svg = await toSvg(picture, "light");
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        "Load",
        ...REPLICAS,
        "average",
        "time since the start (s)",
        "requests at the replica (leases)",
      ]),
    );
    for (const colour of PALETTE.slice(0, 4)) expect(pathsIn(svg, colour)).toBeGreaterThan(2);
    expect(pathsIn(svg, PALETTE[4]!)).toBe(0);
    expect(picture.table.rows.map(([replica]) => replica)).toEqual(REPLICAS);
  });

  test("refuses a column that is none of a load", () => {
    expect(() => plotServeLoadDistribution({ file: PREFIX_AWARE, column: "chars" as never })).toThrow(
      "column must be one of queue_length, load, running, waiting, not chars",
    );
  });

  test("says when a column is empty: these replicas reported nothing", () => {
    expect(() => plotServeLoadDistribution({ file: PREFIX_AWARE, column: "running" })).toThrow(
      "running is empty in every row",
    );
  });
});

describe("plotServePrefixMatchRate", () => {
  test("has a curve a replica and the overall rate, in percent", async () => {
    const picture = plotServePrefixMatchRate({ file: `${PREFIX_AWARE}/prefix_match_rate.csv`, windowSec: 3 });
    expect(await words(picture)).toEqual(
      expect.arrayContaining([...REPLICAS, "overall", "100", "matched characters of the prompt (%)"]),
    );
    expect(picture.subtitle).toBe("260 requests; overall 83.5 %; mean over the last 3 s");
  });
});

describe("plotVllmMetricTimeseries", () => {
  test("averages a histogram over the window, of each replica and of all together", async () => {
    const metricName = "ray_vllm:request_prefill_time_seconds";
    const picture = plotVllmMetricTimeseries({ file: PREFIX_AWARE, metricName, windowSec: 3 });
    expect(await words(picture)).toEqual(
      expect.arrayContaining([...REPLICAS, "overall", "request prefill time (ms)", "time since the start (s)"]),
    );
    expect(picture.subtitle).toBe("histogram request_prefill_time_seconds, average over the last 3 s");
  });

  test("draws a gauge as it is, a counter as it is or as its growth", async () => {
    const draw = (metricName: string, rate = false) =>
      plotVllmMetricTimeseries({ file: PREFIX_AWARE, metricName, rate });
    expect(draw("num_requests_running").subtitle).toBe("gauge num_requests_running");
    expect(await words(draw("prompt_tokens"))).toContain("prompt tokens (tokens)");
    expect(await words(draw("prompt_tokens_total", true))).toContain("prompt tokens (tokens/s)");
  });

  test("lists the metrics that there are when it is none of them", () => {
    expect(() => plotVllmMetricTimeseries({ file: PREFIX_AWARE, metricName: "vllm:nonsense" })).toThrow(
      /has no metric vllm:nonsense; it has num_requests_running, .*request_prefill_time_seconds/,
    );
  });
});

describe("plotDeploymentOverhead", () => {
  test("has every stage with its median on an axis of time", async () => {
    const picture = plotDeploymentOverhead({ file: PREFIX_AWARE });
    expect(await words(picture)).toEqual(
      expect.arrayContaining([
        "received → policy asked (with waiting)",
        "asked → matched",
        "matched → leased and inserted",
        "sent → accepted by the replica",
        "accepted → first token",
        "first token → end",
        "router",
        "way to the replica",
        "replica and way back",
        "10 µs",
        "1 ms",
        "583 ms",
      ]),
    );
    expect(picture.subtitle).toContain("the router takes 0.0168 % of a request (108 µs of 641 ms on average)");
  });
});

test("plotDeploymentOverhead leaves out in virtual time what takes none, and says so", async () => {
  const times = ["received_s", "asked_s", "matched_s", "chosen_s", "sent_s", "first_token_s", "ended_s"];
  const rows = [0, 1].map((at) => times.map((_, i) => at + (i < 5 ? 0 : i / 10)));
  const tables = { deployment_overhead: { columns: times, rows, dropped: 0 } };
  const file = join(mkdtempSync(join(tmpdir(), "warmroute-virtual-")), "results.json");
  writeFileSync(file, JSON.stringify({ format: "warmroute-results", version: 1, run: {}, tables }));
  const picture = plotDeploymentOverhead({ file });
  rmSync(dirname(file), { recursive: true });
  expect(picture.subtitle).toContain("no time passes in 4 stages, those of the router among them (virtual time)");
  const drawn = await words(picture);
  expect(drawn).toEqual(expect.arrayContaining(["accepted → first token", "500 ms", "first token → end"]));
  expect(drawn).not.toContain("asked → matched");
  expect(picture.table.rows).toHaveLength(6);
});

describe("countRoutingMatches", () => {
  test("counts where requests went, of several runs side by side", async () => {
    const logFile = { fifo: fixture("fifo_routing_mismatches.csv"), exact: PREFIX_AWARE };
    const picture = countRoutingMatches({ title: "FIFO against exact", logFile });
    expect(picture.counts).toEqual([
      { name: "fifo", matched: 70, elsewhere: 25, unasked: 5 },
      { name: "exact", matched: 260, elsewhere: 0, unasked: 0 },
    ]);
    expect(await words(picture)).toEqual(
      expect.arrayContaining([
        "FIFO against exact",
        "fifo",
        "exact",
        "70 (70 %)",
        "25 (25 %)",
        "260 (100 %)",
        "requests (%)",
      ]),
    );
  });
});

describe("plotEvictionPolicy", () => {
  const loop = { evictionThresholdChars: 6000, evictionTargetChars: 4000, intervalSecs: 2 };

  test("has the tree's size with threshold and target, the tokens processed, and the KV cache in use", async () => {
    const picture = plotEvictionPolicy({ charCountFile: PREFIX_AWARE, vllmMetricsFile: PREFIX_AWARE, ...loop });
    expect(await words(picture)).toEqual(
      expect.arrayContaining([
        ...REPLICAS,
        "threshold 6,000",
        "target 4,000",
        "characters in the tree",
        "tokens processed",
        "KV cache used (%)",
        "time since the start (s)",
      ]),
    );
    expect(picture.description).toContain("above 6,000 characters of a replica down to 4,000, every 2 s");
  });

  test("draws the tree alone without the engines' metrics, with the reference's figures", async () => {
    const drawn = await words(plotEvictionPolicy({ charCountFile: PREFIX_AWARE }));
    expect(drawn).toEqual(expect.arrayContaining(["threshold 400,000", "target 360,000"]));
    expect(drawn).not.toContain("tokens processed");
  });

  test("has no lines of a loop where there was none", async () => {
    const picture = plotEvictionPolicy({ charCountFile: PREFIX_AWARE, doEviction: false });
    expect((await words(picture)).filter((word) => /threshold|target/.test(word))).toEqual([]);
    expect(picture).toMatchObject({ title: "The tree", subtitle: "no eviction loop" });
    expect(picture.description).toContain("there is no eviction loop");
  });

  test("says that a policy without a tree has no characters", () => {
    expect(() => plotEvictionPolicy({ charCountFile: POW_OF_2 })).toThrow(/char_count_over_time\.csv has no rows$/);
  });
});

describe("plotBenchmarkComparison", () => {
  test("has TTFT, TPOT and E2E latency relative to pow_of_2", async () => {
    const picture = plotBenchmarkComparison({ file: SERVE, where: first });
    expect(await words(picture)).toEqual(
      expect.arrayContaining([
        "Strategies against pow_of_2",
        "mean TTFT",
        "mean TPOT",
        "mean E2E latency",
        "prefix_aware",
        "−45 %",
        "132 ms",
        "+12 %",
        "relative to pow_of_2 (%), lower is better",
      ]),
    );
  });

  test("lays many strategies in a panel a metric, their names beside the bars", async () => {
    const drawn = await words(plotBenchmarkComparison({ file: SERVE, baseline: "round_robin" }));
    expect(drawn.filter((word) => word === "prefix_aware, second")).toHaveLength(1);
    expect(drawn.filter((word) => word === "% of round_robin")).toHaveLength(3);
    expect(drawn).toContain("−50.9 % (132 ms)");
  });

  test("says which strategies there are when the baseline is not among them, or ambiguous", () => {
    expect(() => plotBenchmarkComparison({ file: SERVE, where: first, baseline: "random" })).toThrow(
      /has no runs of random to compare with; it has pow_of_2; prefix_aware; round_robin$/,
    );
    expect(() => plotBenchmarkComparison({ file: SERVE })).toThrow(
      /several kinds of runs of pow_of_2; choose with where: pow_of_2, first; /,
    );
    expect(() => plotBenchmarkComparison({ file: SERVE, where: { request_router: "pow_of_2", ...first } })).toThrow(
      "has only runs of pow_of_2, and nothing to compare with it",
    );
  });
});

describe("plotOperationBenchmark", () => {
  const recorded = fileURLToPath(new URL("../../../bench/results/operations.json", import.meta.url));

  test("has a panel an operation and one for the memory, a line a tree", async () => {
    const picture = plotOperationBenchmark({ file: recorded });
    expect(await words(picture)).toEqual(
      expect.arrayContaining([
        "Operations of the tree: chat",
        "insert, new text",
        "insert, text already there",
        "prefix_match, whole text",
        "prefix_match, tenants named",
        "evict_tenant_by_lru, one run",
        "memory",
        "warmroute",
        "ray",
        "µs",
        "bytes a character",
        "40k",
      ]),
    );
  });

  test("says what workloads there are, and what the file is not", () => {
    expect(() => plotOperationBenchmark({ file: recorded, workload: "poems" })).toThrow(
      "no results of the workload poems; there are chat",
    );
    expect(() => plotOperationBenchmark({ file: SERVE })).toThrow(/serve_sharegpt_sweep_results\.csv: /);
    expect(() => plotOperationBenchmark({ file: "nowhere.json" })).toThrow("there is no file nowhere.json");
  });
});
