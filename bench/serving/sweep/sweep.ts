import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../../../src/cli/usage-error.js";
import type { Workload } from "../../../src/workloads/index.js";
import { appendWhole } from "../../append-whole.js";
import { datasetNameOf, LastDataset } from "../load/datasets.js";
import type { RunReport } from "../load/report.js";
import { stopper } from "../load/stopper.js";
import { commandServers } from "../servers/commands.js";
import { embeddedServers } from "../servers/embedded.js";
import { embeddedOptionsOf } from "../servers/embedded-options.js";
import { llamaServers } from "../servers/llama-cpp.js";
import type { ServerKind } from "../servers/servers.js";
import { EXIT_STOPPED, shownFailures, verdict } from "../serving.js";
import { describe } from "./about.js";
import { type RunAbout, SERVE_COLUMNS, serveLine, VLLM_COLUMNS, vllmLine } from "./columns.js";
import { LLAMA_CPP, ORACLE, type Overrides, readConfig, type SweepConfig, type Variant } from "./config.js";
import { writeTables } from "./custom-results.js";
import { beginCsv, SweepFiles } from "./files.js";
import { lockFolder } from "./lock.js";
import { runReal } from "./real.js";
import { type Outcome, policyLabel, type Run, runsOf } from "./runs.js";
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

/** Compares strategies: the same requests to servers of each, started afresh. @returns the exit code. */
export async function sweep(file: string, options: SweepOptions): Promise<number> {
  const text = readText(file);
  const variants = readConfig(text, file, options.overrides);
  for (const { config } of variants) checkMode(config, options.virtual);
  const runs = runsOf(variants);
  const { virtual, command } = options;
  // One that cannot be had is no strategy's fault.
  const dataset = new LastDataset();
  await dataset.of(runs[0]!.config.run);
  const simulated = variants[0]!.config.servers === undefined;
  const files = new SweepFiles(options.out);
  mkdirSync(files.folder, { recursive: true });
  using _lock = lockFolder(files.lock);
  const state = new SweepState(files.state, { variants, virtual });
  if (options.fresh) state.clear();
  if (state.forgotten > 0) {
    say(
      `a sweep of other options was stopped here after ${state.forgotten} runs: their results stay, and it begins anew if it is run again`,
    );
  }
  if (state.count > 0) say(`going on: ${state.count} of ${runs.length} runs are done`);
  else files.removeLogs();
  beginResults(variants, files, state);
  const note = simulated ? `Simulated GPUs${virtual ? ", in virtual time" : ""}.` : undefined;
  describe(files, { file, text, command, note }, runs);

  using stop = stopper();
  const rows: TableRow[] = [];
  const failed = new Map<string, string>();
  let full: string | null = null;
  let worst = 0;
  for (const run of runs) {
    if (state.has(run.name)) continue;
    const kind = kindOf(run.config, virtual);
    say(`${run.name}: ${kind.about}`);
    try {
      const workload = await dataset.of(run.config.run);
      const outcome = virtual
        ? await runInVirtualTime(run, workload, files, stop.signal)
        : await runReal(run, kind, workload, files, stop.signal);
      const { report, warmup } = outcome;
      const code = verdict(report);
      if (code === EXIT_STOPPED) break;
      if (report.summary.completed === 0) {
        throw new UsageError(`no request was answered: ${shownFailures(report.failures)}`);
      }
      if (warmup !== null) sayWarmup(run.name, report, warmup);
      worst = Math.max(worst, code);
      record(files, state, run, outcome, { servers: kind.about, dataset: workload.description, virtual });
      rows.push({ strategy: run.row, report, warmup });
    } catch (error) {
      if (stop.signal.aborted) break;
      // What cannot be written for one strategy cannot be for the others.
      full = files.fault(error);
      if (full !== null) break;
      failed.set(run.name, causeOf(error));
      say(`${run.name} failed: ${failed.get(run.name)}`);
      if (!(error instanceof UsageError)) logError(files, run, error);
    }
  }
  process.stdout.write(sweepTable(rows, virtual || simulated));
  const left = `the same command goes on with the ${runs.length - state.count} runs that are left`;
  if (full !== null) throw new UsageError(`results cannot be written to ${files.folder}: ${full}; ${left}`);
  if (stop.signal.aborted) {
    say(`stopped; ${left}`);
    return EXIT_STOPPED;
  }
  if (failed.size > 0) {
    for (const [name, cause] of failed) say(`failed: ${name}: ${cause}`);
    say("the same command tries again what failed");
    return 1;
  }
  state.remove();
  say(`results are in ${files.folder}`);
  return worst;
}

function beginResults(variants: readonly Variant[], files: SweepFiles, state: SweepState): void {
  for (const dataset of new Set(variants.map(({ config }) => datasetNameOf(config.run)))) {
    for (const [whose, columns] of [
      ["serve", SERVE_COLUMNS],
      ["vllm", VLLM_COLUMNS],
    ] as const) {
      const path = files.csv(whose, dataset);
      state.restore(path);
      beginCsv(path, columns);
    }
  }
  state.write();
}

async function runInVirtualTime(
  { name, strategy, config }: Run,
  workload: Workload,
  files: SweepFiles,
  signal: AbortSignal,
): Promise<Outcome> {
  const { tables, ...outcome } = await runVirtual(config, strategy.policy, workload, signal);
  writeTables(files, name, tables);
  return { ...outcome, model: config.run.model! };
}

/** A line in each CSV file; then it is done. */
function record(
  files: SweepFiles,
  state: SweepState,
  { name, strategy, repeat, config }: Run,
  { report, warmup, engines, model }: Outcome,
  said: Pick<RunAbout, "servers" | "dataset" | "virtual">,
): void {
  const about: RunAbout = {
    ...said,
    config,
    strategy: strategy.name,
    policy: policyLabel(strategy),
    repeat,
    model,
  };
  const dataset = datasetNameOf(config.run);
  appendWhole(files.csv("serve", dataset), serveLine(about, report, warmup));
  appendWhole(files.csv("vllm", dataset), vllmLine(about, engines));
  state.add(name);
}

function sayWarmup(name: string, { summary }: RunReport, warmup: RunReport): void {
  const shown = (ms: number | undefined) => ms?.toFixed(1) ?? "-";
  say(
    `${name}: mean TTFT ${shown(summary.ttftMs?.mean)} ms after ${shown(warmup.summary.ttftMs?.mean)} ms in the warm-up run`,
  );
}

/** What a person is told of an error: of one that nobody expected, as of a policy of one's own, where it comes from as well. */
function causeOf(error: unknown): string {
  if (error instanceof UsageError) return error.message + placeOf(error.cause);
  return error instanceof Error ? `${error.name}: ${error.message}${placeOf(error)}` : `${String(error)} was thrown`;
}

/** The first line of an error's stack. */
function placeOf(error: unknown): string {
  const [, first] = /^\s*(at .*)$/m.exec(error instanceof Error ? (error.stack ?? "") : "") ?? [];
  return first === undefined || first.includes("node:internal") ? "" : ` (${first})`;
}

/** All that is known of it, where the servers' errors are too. */
function logError(files: SweepFiles, { strategy }: Run, error: unknown): void {
  const path = files.log(strategy.name, "stderr");
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
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

/** What cannot be had is refused before anything is started. */
function checkMode({ strategies, servers, run }: SweepConfig, virtual: boolean): void {
  if (virtual && servers !== undefined) throw new UsageError("only simulated servers can run in virtual time");
  if (virtual && run.disableStream) {
    throw new UsageError("disable_stream is for servers: in virtual time streams cost nothing that could be saved");
  }
  if (!virtual && strategies.some(({ policy }) => policy === ORACLE)) {
    throw new UsageError(`${ORACLE} needs --virtual: it sees into the replicas`);
  }
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
