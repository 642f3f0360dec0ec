import { writeFileSync } from "node:fs";
import { POLICIES, Router } from "../../routing/index.js";
import {
  type ClientModel,
  type ClusterOptions,
  type ClusterResult,
  PROFILES,
  type Profile,
  type ProfileName,
  saturationRate,
  simulateCluster,
} from "../../simulator/index.js";
import { inOrder, isWorkloadName, type Workload, workloadCatalog } from "../../workloads/index.js";
import { aligned, markdownTable } from "../aligned.js";
import { openWorkload } from "../datasets.js";
import { loadPolicy } from "../policy-module.js";
import { stopSignal } from "../shutdown.js";
import { UsageError } from "../usage-error.js";
import { CompareProgress } from "./progress.js";
import { besideReference, REFERENCE_SETUP } from "./reference-run.js";
import { BASELINE, type Cell, rowsOf } from "./rows.js";
import { ORACLE, type Spec, specs } from "./spec.js";
import { comparisonTables, referenceTable } from "./table.js";

/** What `warmroute compare` was told, by the names of its options. */
export interface CompareOptions {
  readonly workload: readonly string[];
  readonly param?: Readonly<Record<string, number | boolean | string>>;
  readonly data?: string;
  readonly requests?: number;
  readonly seeds: number;
  readonly policy?: readonly Spec[];
  readonly profile?: readonly Spec[];
  readonly replicas: number;
  readonly maxOngoingRequests: number;
  readonly cache: ClusterOptions["cache"];
  readonly streamBatchMs?: number;
  readonly routers: number;
  readonly tree: "shared" | "own";
  readonly loadReportMs: number;
  readonly loadReportAgeMs: number;
  readonly insertAt: "choice" | "accept";
  readonly matching: "exact" | "fifo";
  readonly client: ClientModel["kind"];
  readonly concurrency?: number;
  readonly rate?: number;
  readonly load?: number;
  readonly speedup?: number;
  readonly thinkMs: number;
  readonly openConversations?: number;
  readonly json: boolean;
  readonly runs: boolean;
  readonly out?: string;
  readonly quiet: boolean;
}

/** One policy on one workload and profile, to be run with each seed. */
interface Plan {
  readonly workload: string;
  readonly profile: Spec;
  readonly policy: Spec;
  readonly streamBatchMs: number;
}

/**
 * Runs every policy on every workload with every seed in virtual time, and prints the tables.
 * @param command how it was called, for whoever reads the results.
 * @throws UsageError for a wrong option, and after SIGINT, when what was done has been printed.
 */
export async function compare(options: CompareOptions, command: string, version: string): Promise<void> {
  const plans = options.workload.flatMap((name) => plansOf(name, options));
  const stop = new AbortController();
  void stopSignal().then((signal) => stop.abort(signal));
  for (const { policy } of plans) await checkPolicy(policy);
  const progress = new CompareProgress(plans.length * options.seeds, options.quiet);
  const cells: Cell[] = [];
  try {
    await runAll(plans, options, stop.signal, progress, cells);
  } catch (error) {
    if (!stop.signal.aborted)
      throw error instanceof RangeError || error instanceof TypeError ? new UsageError(error.message) : error;
  } finally {
    progress.stop();
  }
  print(cells, options, command, version);
  if (stop.signal.aborted) {
    throw new UsageError(`stopped by ${stop.signal.reason}: ${progress.done} of ${progress.all} runs are done`);
  }
}

async function runAll(
  plans: readonly Plan[],
  options: CompareOptions,
  signal: AbortSignal,
  progress: CompareProgress,
  cells: Cell[],
): Promise<void> {
  const workloads = new Map<string, Workload>();
  const rates = new Map<string, number>();
  for (const plan of plans) {
    const variants = variantsOf(plan.policy).map((values): Variant => ({ values, results: [] }));
    const policy = plan.policy.name === ORACLE ? ORACLE : await loadPolicy(plan.policy.name);
    const names = { workload: plan.workload, profile: plan.profile.label, policy: plan.policy.label };
    for (let seed = 1; seed <= options.seeds; seed++) {
      progress.running(names, seed);
      const key = `${plan.workload} ${seed}`;
      const workload = workloads.get(key) ?? makeWorkload(plan.workload, seed, options);
      workloads.set(key, workload);
      const cluster = clusterOptions(plan, workload, seed, options);
      let client = clientOf(options);
      if (client.kind === "open" && client.load !== undefined) {
        const known = `${key} ${plan.profile.label}`;
        const rate = rates.get(known) ?? (await saturationRate({ ...cluster, policy: BASELINE, signal }));
        rates.set(known, rate);
        const { load: _, ...others } = client;
        client = { ...others, rate: client.load * rate };
      }
      for (const { values, results } of variants) {
        results.push(await simulateCluster({ ...cluster, ...values, policy, client, signal }));
      }
      if (seed > 1) cells.pop();
      cells.push({ ...names, results: bestOf(variants) });
      progress.ran();
    }
  }
}

interface Variant {
  readonly values: Spec["values"];
  readonly results: ClusterResult[];
}

/** The oracle stands for the best of its three costs, picked afterwards, unless it is told one. */
function variantsOf({ name, values }: Spec): Spec["values"][] {
  if (name !== ORACLE || values.oracleCost !== undefined) return [values];
  return ["ttft", "prefill", "delay"].map((oracleCost) => ({ ...values, oracleCost }));
}

/** The variant with the least mean TTFT over the seeds that all have run. */
function bestOf(variants: readonly Variant[]): ClusterResult[] {
  const ttft = ({ results }: Variant) => results.reduce((sum, { serving }) => sum + (serving.ttftMs?.mean ?? 0), 0);
  return [...variants.reduce((best, each) => (ttft(each) < ttft(best) ? each : best)).results];
}

/** Before anything runs. @throws UsageError for an option that the policy does not take. */
async function checkPolicy({ name, values }: Spec): Promise<void> {
  if (name === ORACLE) return;
  const policy = await loadPolicy(name);
  try {
    new Router({ ...values, policy, replicas: [] })[Symbol.dispose]();
  } catch (error) {
    throw error instanceof RangeError || error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

/** With the reference's workload its set-up stands for what is not told. */
function plansOf(name: string, options: CompareOptions): Plan[] {
  const reference = name === "reference";
  const profiles = options.profile ?? specs(reference ? REFERENCE_SETUP.profile : "l4-qwen2.5-1.5b");
  const policies = options.policy ?? defaultPolicies(reference);
  const streamBatchMs = options.streamBatchMs ?? (reference ? REFERENCE_SETUP.streamBatchMs : 0);
  return profiles.flatMap((profile) => policies.map((policy) => ({ workload: name, profile, policy, streamBatchMs })));
}

/** Every policy, the baseline first, Ray's with its older threshold too, and what sees into the replicas last. */
function defaultPolicies(reference: boolean): Spec[] {
  const others = Object.keys(POLICIES).flatMap((name) =>
    name === "prefix_aware" ? [name, "prefix_aware:imbalancedThreshold=10"] : [name],
  );
  const names = [BASELINE, ...(reference ? REFERENCE_SETUP.policies : []), ...others, ORACLE];
  return [...new Set(names)].flatMap(specs);
}

function makeWorkload(name: string, seed: number, options: CompareOptions): Workload {
  const known = isWorkloadName(name) ? workloadCatalog[name].parameters : {};
  const usual = { seed, requests: options.requests };
  const given = Object.fromEntries(Object.entries(usual).filter(([each]) => Object.hasOwn(known, each)));
  return inOrder(openWorkload(name, { ...given, ...options.param }, { file: options.data }));
}

function clusterOptions(
  plan: Plan,
  workload: Workload,
  seed: number,
  options: CompareOptions,
): Omit<ClusterOptions, "policy"> {
  const { replicas, maxOngoingRequests, cache, routers, tree, loadReportMs, loadReportAgeMs, insertAt, matching } =
    options;
  return {
    workload,
    seed,
    replicas,
    maxOngoingRequests,
    ...(cache !== undefined && { cache }),
    routers,
    tree,
    loadReportMs,
    loadReportAgeMs,
    insertAt,
    matching,
    profile: profileOf(plan.profile),
    streamBatchMs: plan.streamBatchMs,
  };
}

function profileOf({ name, label, values }: Spec): Profile {
  if (!Object.hasOwn(PROFILES, name)) {
    throw new UsageError(`profile must be one of ${Object.keys(PROFILES).join(", ")}, not ${JSON.stringify(name)}`);
  }
  const profile = PROFILES[name as ProfileName];
  for (const figure of Object.keys(values)) {
    if (!Object.hasOwn(profile, figure)) {
      throw new UsageError(`profile ${name} has no figure ${figure}; there are ${Object.keys(profile).join(", ")}`);
    }
  }
  return { ...profile, ...values, name: label };
}

/** 10 requests a replica at a time, at 25 a second for each, unless told otherwise: the reference's 40 and 100 for four. */
function clientOf(options: CompareOptions): ClientModel {
  const { client: kind, replicas, thinkMs, openConversations, rate, load, speedup, concurrency } = options;
  const open = openConversations === undefined ? {} : { openConversations };
  if (kind === "trace") return { kind, thinkMs, ...(speedup !== undefined && { speedup }) };
  if (kind === "open") {
    return { kind, thinkMs, ...open, ...(rate !== undefined && { rate }), ...(load !== undefined && { load }) };
  }
  return { kind, thinkMs, ...open, concurrency: concurrency ?? 10 * replicas, rate: rate ?? 25 * replicas };
}

function print(cells: readonly Cell[], options: CompareOptions, command: string, version: string): void {
  if (cells.length === 0) return;
  const rows = rowsOf(cells);
  const standIns = cells
    .filter(({ workload, policy }) => workload === "reference" && isReferencePolicy(policy))
    .map(({ policy, profile, results }) => ({ policy, profile, figures: besideReference(results) }));
  const text = (layout: typeof aligned) =>
    [comparisonTables(rows, layout), ...(standIns.length === 0 ? [] : [referenceTable(standIns, layout)])].join("\n\n");
  const report = {
    command,
    warmroute: version,
    simulated: true,
    environment: { platform: process.platform, arch: process.arch, node: process.version },
    date: new Date().toISOString().slice(0, 10),
    seeds: options.seeds,
    ...(standIns.length > 0 && { reference: standIns }),
    rows,
    ...(options.runs && { runs: cells }),
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) {
    writeFileSync(options.out, json);
    writeFileSync(options.out.replace(/(\.json)?$/, ".md"), `\`${command}\`\n\n${text(markdownTable)}\n`);
  }
  process.stdout.write(options.json ? json : `${text(aligned)}\n`);
}

/** Those that stand for the reference's own router: with its eviction loop. */
function isReferencePolicy(label: string): boolean {
  return REFERENCE_SETUP.policies.includes(label) && label !== BASELINE;
}
