import { appendFileSync } from "node:fs";
import { UsageError } from "../../src/cli/usage-error.js";
import type { Workload } from "../../src/workloads/index.js";
import { appendWhole } from "../append-whole.js";
import { BACKENDS } from "./load/backends.js";
import { Client } from "./load/client.js";
import { datasetNameOf, datasetOf } from "./load/datasets.js";
import type { RunOptions } from "./load/options.js";
import { showProgress } from "./load/progress.js";
import { readyServer, type Server } from "./load/ready.js";
import { printedReport, type RunReport, reportOf, resultLine } from "./load/report.js";
import { type LoadResult, runLoad } from "./load/run.js";
import { stopper } from "./load/stopper.js";
import { strainWarning } from "./load/strain.js";
import { embeddedServers } from "./servers/embedded.js";
import { type EmbeddedFlags, embeddedOptionsOf } from "./servers/embedded-options.js";
import type { Servers } from "./servers/servers.js";

/** What `warmroute-bench serving` was told, by the names of its options. */
export interface ServingOptions extends RunOptions, Omit<EmbeddedFlags, "model"> {
  readonly embedded?: number;
  readonly policy: string;
  readonly outputFile?: string;
  readonly outputDetails: boolean;
  readonly tag?: string;
}

/** Exit codes beside 0, and 2 for what the person at the keyboard can put right. */
export const EXIT_NOTHING_COMPLETED = 1;
export const EXIT_WITHOUT_USAGE = 3;
export const EXIT_STOPPED = 130;

/** Loads one server, prints what it came to. @returns the exit code. */
export async function serving(options: ServingOptions): Promise<number> {
  checkOptions(options);
  const workload = await datasetOf(options);
  using stop = stopper();
  try {
    return await served(options, workload, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted || !(error instanceof UsageError)) throw error;
    process.stderr.write("warmroute-bench: stopped before a request was sent\n");
    return EXIT_STOPPED;
  }
}

async function served(options: ServingOptions, workload: Workload, signal: AbortSignal): Promise<number> {
  const servers = await startedServers(options, signal);
  try {
    const baseUrls = servers?.urls ?? [options.baseUrl ?? `http://${hostOf(options.host)}:${options.port}`];
    const server = await readyServer(options, baseUrls);
    process.stderr.write(`${workload.description}\n${server.model} at ${baseUrls.join(", ")}\n`);
    let result = await load(workload, options, server, signal);
    if (options.withWarmup && !result.interrupted) {
      const first = meanTtft(result);
      process.stderr.write(`warm-up run: mean TTFT ${first} ms; now the run that counts\n`);
      result = await load(workload, options, server, signal);
      process.stderr.write(`mean TTFT ${meanTtft(result)} ms after ${first} ms in the warm-up run\n`);
    }
    const code = tell(result, options, workload, server);
    const lost = servers?.lost() ?? null;
    if (lost !== null) process.stderr.write(`warmroute-bench: ${lost}\n`);
    return code;
  } finally {
    await servers?.stop();
  }
}

async function startedServers(options: ServingOptions, signal: AbortSignal): Promise<Servers | null> {
  const { embedded, policy } = options;
  if (embedded === undefined) return null;
  const kind = embeddedServers(embeddedOptionsOf(options, embedded));
  process.stderr.write(`${kind.about}, policy ${policy}\n`);
  return kind.start({ policy, logs: { stderr: process.stderr }, signal });
}

/** Sends a workload once, with progress on stderr. */
export async function load(
  workload: Workload,
  options: RunOptions,
  { baseUrls, model, headers }: Server,
  signal: AbortSignal,
): Promise<LoadResult> {
  const backend = BACKENDS[options.backend];
  const client = new Client({ baseUrls, backend, headers, timeoutS: options.timeout });
  const progress = showProgress(workload.size, process.stderr);
  try {
    return await runLoad(
      workload,
      {
        client,
        backend,
        model,
        requestRate: options.requestRate,
        maxConcurrency: options.maxConcurrency ?? null,
        stream: !options.disableStream,
        ignoreEos: !options.disableIgnoreEos,
        seed: options.seed,
        extraBody: options.extraRequestBody,
        signal,
      },
      progress,
    );
  } finally {
    progress.stop();
    await client.close();
  }
}

function tell(result: LoadResult, options: ServingOptions, workload: Workload, server: Server): number {
  const report = reportOf(result);
  process.stdout.write(printedReport(report, options));
  if (options.outputFile !== undefined) {
    const run = {
      ...(options.tag !== undefined && { tag: options.tag }),
      date: new Date().toISOString(),
      model: server.model,
      base_url: server.baseUrls.join(" "),
      dataset_name: datasetNameOf(options),
      dataset: workload.description,
      ...(options.embedded !== undefined && { embedded: options.embedded, policy: options.policy, simulated: true }),
    };
    const records = options.outputDetails ? result.records : undefined;
    appendWhole(options.outputFile, resultLine(report, options, run, records));
  }
  return verdict(report);
}

/** Says on stderr what is wrong with the figures. @returns the exit code that says so too. */
export function verdict({ summary, strain, interrupted, withoutUsage, failures }: RunReport): number {
  const warn = (text: string) => process.stderr.write(`warmroute-bench: ${text}\n`);
  const warning = strain === null ? null : strainWarning(strain);
  if (warning !== null) warn(warning);
  if (interrupted) {
    warn(`stopped after ${summary.completed} answers; the figures are of these`);
    return EXIT_STOPPED;
  }
  if (summary.completed === 0) {
    warn(`no request was answered: ${shownFailures(failures)}`);
    return EXIT_NOTHING_COMPLETED;
  }
  const failed = failures.reduce((sum, [, count]) => sum + count, 0);
  if (failed > 0) {
    warn(
      `${failed} of ${failed + summary.completed} requests failed, and are in none of the figures: ${shownFailures(failures)}`,
    );
  }
  if (withoutUsage > 0) {
    warn(
      `${withoutUsage} of ${summary.completed} answers had no usage: their output tokens are those asked for, their input tokens a ` +
        "fourth of the characters, so throughputs and TPOT may be wrong",
    );
    return EXIT_WITHOUT_USAGE;
  }
  return 0;
}

/** `HTTP 503: full (3×); the connection was cut (1×)`. */
export function shownFailures(failures: RunReport["failures"]): string {
  return failures.map(([cause, count]) => `${cause} (${count}×)`).join("; ");
}

function checkOptions({ outputFile, minOutputLen, maxOutputLen }: ServingOptions): void {
  if (minOutputLen > maxOutputLen) {
    throw new UsageError(`--min-output-len ${minOutputLen} is above --max-output-len ${maxOutputLen}`);
  }
  if (outputFile === undefined) return;
  // Before the run rather than after it.
  try {
    appendFileSync(outputFile, "");
  } catch (error) {
    throw new UsageError(`${outputFile} cannot be written: ${(error as Error).message}`);
  }
}

function meanTtft(result: LoadResult): string {
  return reportOf(result).summary.ttftMs?.mean.toFixed(1) ?? "-";
}

function hostOf(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
