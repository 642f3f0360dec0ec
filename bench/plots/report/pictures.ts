import { UsageError } from "../../../src/cli/usage-error.js";
import type { TableName } from "../../../src/measure/index.js";
import type { Picture } from "../draw/picture.js";
import { plotBenchmarkComparison } from "../figures/benchmark-comparison.js";
import { plotDeploymentOverhead } from "../figures/deployment-overhead.js";
import { type EvictionPolicyOptions, plotEvictionPolicy } from "../figures/eviction-policy.js";
import { plotServeLoadDistribution } from "../figures/load-distribution.js";
import { plotServeMetricSummary, plotVllmMetricSummary } from "../figures/metric-summary.js";
import { plotVllmMetricTimeseries } from "../figures/metric-timeseries.js";
import { plotOperationBenchmark } from "../figures/operation-benchmark.js";
import { plotServePrefixMatchRate } from "../figures/prefix-match-rate.js";
import { countRoutingMatches } from "../figures/routing-matches.js";
import { readTable } from "../input/read.js";
import { comparable } from "../input/runs.js";
import { byNumber } from "../input/series.js";
import { type RecordedPolicy, readSweepFolder, type SweepFolder } from "./folder.js";

/** All pictures of a sweep, in the order in which they are read. */
export interface SweepPictures {
  folder: SweepFolder;
  sections: { title: string; pictures: Picture[] }[];
  /** Of what should be drawn and cannot be, why. */
  missing: string[];
}

const SERVE_METRICS = [
  "mean_ttft_ms",
  "p99_ttft_ms",
  "mean_tpot_ms",
  "mean_e2e_latency_ms",
  "request_throughput",
  "output_throughput",
];
const ENGINE_METRICS = [
  "time_to_first_token_seconds",
  "request_queue_time_seconds",
  "request_prefill_time_seconds",
  "request_decode_time_seconds",
];
const TIMESERIES = ["request_prefill_time_seconds", "request_queue_time_seconds"];

/** Every picture that the files of a sweep's folder allow. @throws UsageError when there is nothing of a sweep. */
export function picturesOf(path: string): SweepPictures {
  const folder = readSweepFolder(path);
  const missing: string[] = [];
  const drawn = (...plots: (() => Picture)[]): Picture[] =>
    plots.flatMap((plot) => {
      try {
        return plot();
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        missing.push(error.message);
        return [];
      }
    });
  const { serve, vllm, runs, operations, about } = folder;
  const ofServe = serve.length > 0 ? serve : null;
  const ofVllm = vllm.length > 0 ? vllm : null;
  const shownRuns = firstRuns(runs);
  const logs = Object.fromEntries(
    shownRuns.flatMap(({ name, tables }) => filled(tables, "routing_mismatches").map((files) => [name, files])),
  );
  const sections = [
    {
      title: "The strategies compared",
      pictures: ofServe === null ? [] : drawn(...comparisons(ofServe)),
    },
    {
      title: "As the client measured",
      pictures:
        ofServe === null
          ? []
          : drawn(...SERVE_METRICS.map((metric) => () => plotServeMetricSummary({ file: ofServe, metric }))),
    },
    {
      title: "As the engines measured",
      pictures:
        ofVllm === null
          ? []
          : drawn(...ENGINE_METRICS.map((metric) => () => plotVllmMetricSummary({ file: ofVllm, metric }))),
    },
    {
      title: "Where requests went",
      pictures: Object.keys(logs).length === 0 ? [] : drawn(() => countRoutingMatches({ logFile: logs })),
    },
    ...shownRuns.map((run) => ({
      title: run.name || "During the run",
      pictures: drawn(...ofRun(run, about.runs?.[run.name])),
    })),
    {
      title: "The tree alone",
      pictures: operations === null ? [] : drawn(() => plotOperationBenchmark({ file: operations })),
    },
  ].filter(({ pictures }) => pictures.length > 0);
  return { folder, sections, missing };
}

/** One for each kind of settings. */
function comparisons(file: string[]): (() => Picture)[] {
  const kinds = comparable(readTable(file));
  return kinds.map(({ name, where }) => () => {
    const picture = plotBenchmarkComparison({ file, where });
    return kinds.length === 1 ? picture : withRun(picture, name);
  });
}

/** What was recorded while one strategy ran. */
function ofRun({ name, tables }: SweepFolder["runs"][number], recorded: RecordedPolicy | undefined): (() => Picture)[] {
  const plots = (table: TableName, ...of: ((file: string[]) => Picture)[]) =>
    filled(tables, table).flatMap((file) =>
      of.map((plot) => () => (name === "" ? plot(file) : withRun(plot(file), name))),
    );
  const [engines] = filled(tables, "vllm_metrics");
  return [
    ...plots("load_distribution", (file) => plotServeLoadDistribution({ file })),
    ...plots("prefix_match_rate", (file) => plotServePrefixMatchRate({ file })).filter(() => matches(tables)),
    ...plots(
      "vllm_metrics",
      ...TIMESERIES.map((metricName) => (file: string[]) => plotVllmMetricTimeseries({ file, metricName })),
    ),
    ...plots("deployment_overhead", (file) => plotDeploymentOverhead({ file })),
    ...plots("char_count_over_time", (charCountFile) =>
      plotEvictionPolicy({ charCountFile, ...evictionOf(recorded), ...(engines && { vllmMetricsFile: engines }) }),
    ),
  ];
}

/** The loop that ran. Of results that do not say it the reference's, in whose name its figures are the defaults. */
function evictionOf(recorded: RecordedPolicy | undefined): Partial<EvictionPolicyOptions> {
  if (recorded?.options === undefined) return {};
  const { doEviction, evictionThresholdChars, evictionTargetChars, evictionIntervalSecs } = recorded.options;
  if (doEviction !== true) return { doEviction: false };
  return {
    ...(typeof evictionThresholdChars === "number" && { evictionThresholdChars }),
    ...(typeof evictionTargetChars === "number" && { evictionTargetChars }),
    ...(typeof evictionIntervalSecs === "number" && { intervalSecs: evictionIntervalSecs }),
  };
}

/** A sweep's runs end in the number of the repeat. One of each strategy is shown; `plot` draws the others. */
function firstRuns(runs: SweepFolder["runs"]): SweepFolder["runs"] {
  const seen = new Set<string>();
  const byRepeat = [...runs].sort((a, b) => byNumber(a.name, b.name));
  return byRepeat.filter(({ name }) => {
    const strategy = name.replace(/_\d+$/, "");
    return !seen.has(strategy) && seen.add(strategy);
  });
}

/** Whether the policy matches at all: of one without a tree there is only a line at 0 to draw. */
function matches(tables: Partial<Record<TableName, string[]>>): boolean {
  return filled(tables, "prefix_match_rate").some((files) =>
    readTable(files, "prefix_match_rate").rows.some((row) => Number(row.match_rate) > 0),
  );
}

/** Of one of several runs: told apart by name and title. */
function withRun(picture: Picture, run: string): Picture {
  const name = `${picture.name}_${run.replaceAll(/[^\w-]+/g, "-")}`;
  return { ...picture, name, title: `${picture.title}: ${run}` };
}

/** The table's files, in a list of their own, unless it has no rows: a policy without a tree has no characters in it. */
function filled(tables: Partial<Record<TableName, string[]>>, table: TableName): string[][] {
  const files = tables[table];
  return files === undefined || readTable(files, table).rows.length === 0 ? [] : [files];
}
