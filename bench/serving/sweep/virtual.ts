import { POLICY_OPTIONS } from "../../../src/cli/policy-flags.js";
import { loadPolicy } from "../../../src/cli/policy-module.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import { type Row, type TableName, trackingRows } from "../../../src/measure/index.js";
import {
  type AnsweredSimulation,
  type ClientModel,
  type ClusterOptions,
  simulateCluster,
} from "../../../src/simulator/cluster/index.js";
import type { Workload } from "../../../src/workloads/index.js";
import type { RunReport } from "../load/report.js";
import { ORACLE, type SweepConfig } from "./config.js";
import { averageFigures, type EngineFigures } from "./engine-metrics.js";

export interface VirtualRun {
  readonly report: RunReport;
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
  const answered: AnsweredSimulation[] = [];
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
    tree: config.tree,
    seed: run.seed,
    signal,
    onRequest: (request) => void answered.push(request),
    onRouter(router, index) {
      if (!config.trackMetrics) return;
      const sink = (table: TableName, row: Row) => {
        const rows = tables.get(table);
        if (rows === undefined) tables.set(table, [row]);
        else rows.push(row);
      };
      const name = routers === 1 ? "" : `router-${index + 1}`;
      router.observe(trackingRows(sink, name), { everySecs: config.trackInterval });
    },
  };
  try {
    const { serving, cache, refused } = await simulateCluster(options);
    const summary = {
      ...serving,
      cachedTokens: cache.hitTokens,
      cacheHitRate: cache.hitRatio,
      peakOutputThroughput: null,
      peakConcurrent: null,
    };
    const failures = refused === 0 ? [] : [["no replica had a place", refused] as const];
    return {
      report: { summary, strain: null, interrupted: false, withoutUsage: 0, failures },
      engines: averageFigures(Array.from({ length: config.numServers }, (_, i) => enginesView(answered, i))),
      tables,
    };
  } catch (error) {
    if (signal.aborted) throw new UsageError("stopped");
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** What one replica's metrics would say. */
function enginesView(all: readonly AnsweredSimulation[], replica: number): EngineFigures {
  const own = all.filter((request) => request.replica === replica);
  const sum = (of: (request: AnsweredSimulation) => number) => own.reduce((total, request) => total + of(request), 0);
  const meanS = (ofMs: (request: AnsweredSimulation) => number) =>
    own.length === 0 ? null : sum(ofMs) / own.length / 1000;
  const decodeMs = ({ engine }: AnsweredSimulation) => engine.finishedMs - engine.firstTokenMs;
  const gaps = sum(({ outputTokens }) => outputTokens - 1);
  return {
    prompt_tokens_total: sum(({ promptTokens }) => promptTokens),
    generation_tokens_total: sum(({ outputTokens }) => outputTokens),
    request_success_total: own.length,
    time_to_first_token_seconds: meanS(({ engine }) => engine.firstTokenMs - engine.receivedMs),
    time_per_output_token_seconds: gaps === 0 ? null : sum(decodeMs) / gaps / 1000,
    e2e_request_latency_seconds: meanS(({ engine }) => engine.finishedMs - engine.receivedMs),
    request_queue_time_seconds: meanS(({ engine }) => engine.scheduledMs - engine.arrivedMs),
    request_inference_time_seconds: meanS(({ engine }) => engine.finishedMs - engine.scheduledMs),
    request_prefill_time_seconds: meanS(({ engine }) => engine.firstTokenMs - engine.scheduledMs),
    request_decode_time_seconds: meanS(decodeMs),
  };
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
