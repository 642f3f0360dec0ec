import { createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { POLICY_OPTIONS } from "../../../src/cli/policy-flags.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import { POLICIES, type PolicyName } from "../../../src/routing/index.js";
import type { Workload } from "../../../src/workloads/index.js";
import { datasetNameOf, datasetOf } from "../load/datasets.js";
import { readyServer } from "../load/ready.js";
import { type RunReport, reportOf } from "../load/report.js";
import { stopper } from "../load/stopper.js";
import { commandServers } from "../servers/commands.js";
import { embeddedServers } from "../servers/embedded.js";
import { embeddedOptionsOf } from "../servers/embedded-options.js";
import { llamaServers } from "../servers/llama-cpp.js";
import type { ServerKind } from "../servers/servers.js";
import { load, verdict } from "../serving.js";
import { type RunAbout, SERVE_COLUMNS, serveLine, VLLM_COLUMNS, vllmLine } from "./columns.js";
import {
  LLAMA_CPP,
  ORACLE,
  type Overrides,
  readConfig,
  type Strategy,
  type SweepConfig,
  type Variant,
} from "./config.js";
import { mergeTracked, Scraper, scrape, writeTables } from "./custom-results.js";
import { averageFigures, type EngineFigures, engineFigures } from "./engine-metrics.js";
import { append, beginCsv, SweepFiles } from "./files.js";
import { SweepState } from "./state.js";
import { sweepTable, type TableRow } from "./table.js";
import { runVirtual } from "./virtual.js";

export interface SweepOptions {
  /** Folder of all that is written. */
  readonly out: string;
  readonly virtual: boolean;
  /** Whether runs that a stopped sweep has done are done again. */
  readonly fresh: boolean;
  readonly overrides: Overrides;
  /** What was typed, to be repeated. */
  readonly command: string;
}

/** One strategy, one time. */
interface Run {
  readonly name: string;
  /** What it is called in the table of all. */
  readonly row: string;
  readonly strategy: Strategy;
  /** With the run's own seed. */
  readonly config: SweepConfig;
  /** From 1. */
  readonly repeat: number;
}

interface Outcome {
  readonly report: RunReport;
  readonly warmup: RunReport | null;
  readonly engines: EngineFigures;
  readonly model: string;
}

/** Compares strategies: the same requests to servers of each, started afresh. @returns the exit code. */
export async function sweep(file: string, options: SweepOptions): Promise<number> {
  const text = readText(file);
  const variants = readConfig(text, file, options.overrides);
  const files = new SweepFiles(options.out);
  mkdirSync(files.folder, { recursive: true });
  for (const { config } of variants) {
    checkMode(config, options.virtual);
    const dataset = datasetNameOf(config.run);
    beginCsv(files.csv("serve", dataset), SERVE_COLUMNS);
    beginCsv(files.csv("vllm", dataset), VLLM_COLUMNS);
  }
  const state = new SweepState(files.state, { variants, virtual: options.virtual });
  if (options.fresh) state.clear();
  const runs = runsOf(variants);
  if (state.count > 0) say(`going on: ${state.count} of ${runs.length} runs are done`);
  else files.removeLogs();
  describe(files, file, text, options, variants[0]!.config);

  using stop = stopper();
  const rows: TableRow[] = [];
  const failed = new Map<string, string>();
  let worst = 0;
  for (const run of runs) {
    if (state.has(run.name)) continue;
    const { config } = run;
    say(`${run.name}: ${kindOf(config, options.virtual).about}`);
    try {
      const workload = await datasetOf(config.run);
      const { report, warmup, engines, model } = options.virtual
        ? await virtualRun(run, workload, files, stop.signal)
        : await realRun(run, workload, files, stop.signal);
      const code = verdict(report);
      if (code === 130) break;
      if (report.summary.completed === 0) throw new UsageError("no request was answered");
      worst = Math.max(worst, code);
      const about: RunAbout = {
        config,
        strategy: run.strategy.name,
        policy: policyLabel(run.strategy),
        repeat: run.repeat,
        model,
        servers: kindOf(config, options.virtual).about,
        dataset: workload.description,
        virtual: options.virtual,
      };
      const dataset = datasetNameOf(config.run);
      append(files.csv("serve", dataset), serveLine(about, report, warmup));
      append(files.csv("vllm", dataset), vllmLine(about, engines));
      state.add(run.name);
      rows.push({ strategy: run.row, report });
    } catch (error) {
      if (stop.signal.aborted) break;
      if (!(error instanceof UsageError)) throw error;
      failed.set(run.name, error.message);
      say(`${run.name} failed: ${error.message}`);
    }
  }
  process.stdout.write(sweepTable(rows, options.virtual || variants[0]!.config.servers === undefined));
  if (stop.signal.aborted) {
    say(`stopped; the same command goes on with the ${runs.length - state.count} runs that are left`);
    return 130;
  }
  if (failed.size > 0) {
    say(`failed: ${[...failed.keys()].join(", ")}; the same command tries them again`);
    return 1;
  }
  state.remove();
  say(`results are in ${files.folder}`);
  return worst;
}

/** A B B A: whatever drifts (heat, a neighbour's load) meets all alike. */
function runsOf(variants: readonly Variant[]): Run[] {
  const once = variants.flatMap(({ name: variant, config }) =>
    config.strategies.map((strategy) => {
      const words = [config.benchmarkLabel, strategy.name, variant].filter((word) => word !== "");
      const name = words.join("_").replace(/[^\w.-]+/g, "_");
      const run = { ...optionsFor(strategy.policy, config.run), ...strategy.options };
      return { name, row: [strategy.name, variant].join(" ").trim(), strategy, config: { ...config, run } };
    }),
  );
  const { repeat } = variants[0]!.config;
  return Array.from({ length: repeat }, (_, i) =>
    (i % 2 === 0 ? once : once.toReversed()).map(({ name, config, ...run }) => ({
      ...run,
      name: repeat === 1 ? name : `${name}_${i + 1}`,
      repeat: i + 1,
      config: { ...config, run: { ...config.run, seed: config.run.seed + i } },
    })),
  ).flat();
}

/** Options of policies that stand in the file for all go to those that take them. */
function optionsFor(policy: string, run: SweepConfig["run"]): SweepConfig["run"] {
  if (!Object.hasOwn(POLICIES, policy)) return run;
  const { options } = POLICIES[policy as PolicyName];
  const taken = Object.entries(run).filter(([name]) => !POLICY_OPTIONS.includes(name) || Object.hasOwn(options, name));
  return Object.fromEntries(taken) as unknown as SweepConfig["run"];
}

async function realRun(
  { name, strategy, config }: Run,
  workload: Workload,
  files: SweepFiles,
  signal: AbortSignal,
): Promise<Outcome> {
  const { run } = config;
  const logs = openLogs(files, strategy.name);
  const track = config.trackMetrics ? resolve(files.tracking(name)) : undefined;
  rmSync(files.tracking(name), { recursive: true, force: true });
  try {
    const servers = await kindOf(config, false).start({
      policy: strategy.policy,
      logs,
      track,
      trackInterval: config.trackInterval,
      signal,
    });
    let scraper: Scraper | undefined;
    try {
      const server = await readyServer(run, servers.urls);
      if (config.trackMetrics && servers.replicas.length > 0) {
        scraper = new Scraper(files, name, servers.replicas, config.trackInterval);
      }
      const warmup = run.withWarmup ? await load(workload, run, server, signal) : null;
      const before = await Promise.all(servers.replicas.map(scrape));
      const result = await load(workload, run, server, signal);
      const after = await Promise.all(servers.replicas.map(scrape));
      const told = after.flatMap((samples, i) => (samples === null ? [] : [engineFigures(before[i]!, samples)]));
      return {
        report: reportOf(result),
        warmup: warmup === null ? null : reportOf(warmup),
        engines: averageFigures(told),
        model: server.model,
      };
    } finally {
      await scraper?.stop();
      await servers.stop();
    }
  } finally {
    mergeTracked(files, name);
    for (const log of [logs.stdout, logs.stderr]) await finished(log.end()).catch(() => {});
  }
}

async function virtualRun(
  { name, strategy, config }: Run,
  workload: Workload,
  files: SweepFiles,
  signal: AbortSignal,
): Promise<Outcome> {
  const { report, engines, tables } = await runVirtual(config, strategy.policy, workload, signal);
  writeTables(files, name, tables);
  return { report, warmup: null, engines, model: config.run.model! };
}

function kindOf(config: SweepConfig, virtual: boolean): ServerKind {
  const { servers, run, numServers } = config;
  const options = embeddedOptionsOf(run, numServers);
  if (servers === LLAMA_CPP) return llamaServers(options);
  if (servers !== undefined) return commandServers(servers, run.baseUrl ?? `http://${run.host}:${run.port}`);
  const embedded = embeddedServers(options);
  return virtual
    ? { ...embedded, about: `${numServers} simulated ${run.profile} replicas, in virtual time` }
    : embedded;
}

/** As `warmroute compare` writes them: `prefix_aware:imbalancedThreshold=10`. */
function policyLabel({ policy, options }: Strategy): string {
  return [policy, ...Object.entries(options).map(([name, value]) => `${name}=${String(value)}`)].join(":");
}

/** What cannot be had is refused before anything is started. */
function checkMode({ strategies, tree, servers, run }: SweepConfig, virtual: boolean): void {
  if (virtual && servers !== undefined) throw new UsageError("only simulated servers can run in virtual time");
  if (virtual && run.withWarmup) {
    throw new UsageError("with_warmup is for servers: in virtual time runs begin with empty caches");
  }
  if (virtual && run.disableStream) {
    throw new UsageError("disable_stream is for servers: in virtual time streams cost nothing that could be saved");
  }
  if (!virtual && strategies.some(({ policy }) => policy === ORACLE)) {
    throw new UsageError(`${ORACLE} needs --virtual: it sees into the replicas`);
  }
  if (!virtual && tree === "shared" && run.routers > 1) {
    throw new UsageError(
      `tree: shared needs --virtual: over sockets ${run.routers} routers are processes, each with a tree of its own`,
    );
  }
}

function openLogs(files: SweepFiles, strategy: string) {
  const open = (stream: "stdout" | "stderr") => {
    const path = files.log(strategy, stream);
    mkdirSync(dirname(path), { recursive: true });
    return createWriteStream(path, { flags: "a" });
  };
  return { stdout: open("stdout"), stderr: open("stderr") };
}

/** What a report of the sweep shows beside the figures: `sweep.json`, and a copy of the configuration. */
function describe(
  files: SweepFiles,
  file: string,
  text: string,
  { command, virtual }: SweepOptions,
  { servers }: SweepConfig,
): void {
  const note = servers === undefined ? `Simulated GPUs${virtual ? ", in virtual time" : ""}.` : undefined;
  const about = {
    command,
    date: new Date().toISOString(),
    machine: { platform: process.platform, arch: process.arch, cores: cpus().length, node: process.version },
    note,
  };
  writeFileSync(join(files.folder, "sweep.json"), `${JSON.stringify(about, null, 2)}\n`);
  const copy = join(files.folder, basename(file));
  if (resolve(copy) !== resolve(file)) writeFileSync(copy, text);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
