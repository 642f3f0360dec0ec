import { isModulePath } from "../../../src/app/index.js";
import { POLICY_OPTIONS } from "../../../src/cli/policy-flags.js";
import { loadPolicy } from "../../../src/cli/policy-module.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import { type Row, type ServingFigures, type TableName, trackingRows } from "../../../src/measure/index.js";
import {
  type ClientModel,
  type ClusterOptions,
  type SimulatedScrape,
  simulateCluster,
} from "../../../src/simulator/cluster/index.js";
import type { Workload } from "../../../src/workloads/index.js";
import type { RunReport } from "../load/report.js";
import { ORACLE, type SweepConfig } from "./config.js";
import { metricRows } from "./custom-results.js";
import { averageFigures, type EngineFigures, engineFigures, readSamples, type Sample } from "./engine-metrics.js";

export interface VirtualRun {
  readonly report: RunReport;
  /** Of the run before on the same replicas; null without one. */
  readonly warmup: RunReport | null;
  readonly engines: EngineFigures;
  /** What the routers tracked. */
  readonly tables: ReadonlyMap<TableName, readonly Row[]>;
}

/** One run of a sweep in virtual time: engines, routers and clients in this process, and no socket. */
export async function runVirtual(
  config: SweepConfig,
  policy: string,
  workload: Workload,
  signal: AbortSignal,
): Promise<VirtualRun> {
  const { run } = config;
  const { routers } = run;
  const tables = new Map<TableName, Row[]>();
  const sink = (table: TableName, row: Row) => {
    const rows = tables.get(table);
    if (rows === undefined) tables.set(table, [row]);
    else rows.push(row);
  };
  const scrapes = new Scrapes((row) => sink("vllm_metrics", row));
  const options: ClusterOptions = {
    ...policyOptionsOf(run),
    workload,
    policy: policy === ORACLE ? ORACLE : await loadPolicy(policy),
    client: clientOf(config, workload),
    replicas: config.numServers,
    profile: run.profile,
    ...(run.maxOngoingRequests !== undefined && { maxOngoingRequests: run.maxOngoingRequests }),
    enablePrefixCaching: run.enablePrefixCaching,
    enableChunkedPrefill: run.enableChunkedPrefill,
    streamBatchMs: run.streamBatchMs,
    routers,
    tree: run.tree,
    seed: run.seed,
    signal,
    warmup: run.withWarmup,
    scrapeMs: config.trackMetrics ? config.trackInterval * 1000 : 0,
    onScrape: (scrape) => scrapes.take(scrape),
    onRouter(router, index) {
      if (!config.trackMetrics) return;
      const name = routers === 1 ? "" : `router-${index + 1}`;
      router.observe(trackingRows(sink, name), { everySecs: config.trackInterval });
    },
  };
  try {
    const { serving, cache, refused, warmup } = await simulateCluster(options);
    const failures = refused === 0 ? [] : [["no replica had a place", refused] as const];
    return {
      report: reportOf(serving, { tokens: cache.hitTokens, rate: cache.hitRatio }, failures),
      warmup: warmup === null ? null : reportOf(warmup, { tokens: null, rate: null }, []),
      engines: scrapes.figures,
      tables,
    };
  } catch (error) {
    if (signal.aborted) throw new UsageError("stopped");
    const isRefusal = error instanceof RangeError || error instanceof TypeError;
    // Of a module's policy it may as well be a fault of its own, which is told with its place.
    if (isRefusal && !isModulePath(policy)) throw new UsageError(error.message);
    throw error;
  }
}

function reportOf(
  serving: ServingFigures,
  cached: { readonly tokens: number | null; readonly rate: number | null },
  failures: RunReport["failures"],
): RunReport {
  const unknown = { peakOutputThroughput: null, peakConcurrent: null };
  const summary = { ...serving, cachedTokens: cached.tokens, cacheHitRate: cached.rate, ...unknown };
  return { summary, strain: null, interrupted: false, withoutUsage: 0, failures };
}

/** The engines' metrics as they are scraped: what they did in the run that counts, and the rows of `vllm_metrics`. */
class Scrapes {
  readonly #before: (readonly Sample[])[] = [];
  readonly #figures: EngineFigures[] = [];
  readonly #sink: (row: Row) => void;

  /** @param sink gets a row for each sample of what is scraped on the way. */
  constructor(sink: (row: Row) => void) {
    this.#sink = sink;
  }

  get figures(): EngineFigures {
    return averageFigures(this.#figures);
  }

  take({ replica, id, atMs, when, page }: SimulatedScrape): void {
    const samples = readSamples(page);
    if (when === "begin") this.#before[replica] = samples;
    else if (when === "end") this.#figures[replica] = engineFigures(this.#before[replica]!, samples);
    else for (const row of metricRows(atMs / 1000, id, samples)) this.#sink(row);
  }
}

function clientOf({ run }: SweepConfig, workload: Workload): ClientModel {
  const { requestRate: rate, maxConcurrency } = run;
  const [first] = workload.order;
  const timed = first !== undefined && workload.conversation(first[0])[first[1]]!.atMs !== undefined;
  if (timed && rate === Number.POSITIVE_INFINITY) return { kind: "trace" };
  return { kind: "closed", concurrency: maxConcurrency ?? workload.size, rate };
}

function policyOptionsOf(run: object): object {
  return Object.fromEntries(Object.entries(run).filter(([name]) => POLICY_OPTIONS.includes(name)));
}
