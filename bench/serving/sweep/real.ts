import { createWriteStream, mkdirSync, rmSync, type WriteStream } from "node:fs";
import { dirname, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../../../src/cli/usage-error.js";
import type { Workload } from "../../../src/workloads/index.js";
import { readyServer } from "../load/ready.js";
import { reportOf } from "../load/report.js";
import type { ServerKind, Servers } from "../servers/servers.js";
import { load } from "../serving.js";
import { mergeTracked, Scraper, scrape } from "./custom-results.js";
import { averageFigures, engineFigures } from "./engine-metrics.js";
import type { SweepFiles } from "./files.js";
import type { Outcome, Run } from "./runs.js";

/**
 * One run of a sweep over sockets: servers of the strategy are started, waited for, loaded, scraped and stopped.
 * @throws UsageError when they do not come up, or one of them ends before the run does.
 */
export async function runReal(
  { name, strategy, config }: Run,
  kind: ServerKind,
  workload: Workload,
  files: SweepFiles,
  signal: AbortSignal,
): Promise<Outcome> {
  const logs = openLogs(files, strategy.name);
  const track = config.trackMetrics ? resolve(files.tracking(name)) : undefined;
  rmSync(files.tracking(name), { recursive: true, force: true });
  try {
    const { policy } = strategy;
    const servers = await kind.start({ policy, logs, track, trackInterval: config.trackInterval, signal });
    try {
      return await loaded(servers, { name, config }, workload, files, signal);
    } catch (error) {
      // Whatever else was seen is but a consequence.
      if (!signal.aborted) await checkPresent(servers);
      throw error;
    } finally {
      await servers.stop();
    }
  } finally {
    mergeTracked(files, name);
    for (const log of [logs.stdout, logs.stderr]) await finished(log.end()).catch(() => {});
  }
}

async function loaded(
  servers: Servers,
  { name, config }: Pick<Run, "name" | "config">,
  workload: Workload,
  files: SweepFiles,
  signal: AbortSignal,
): Promise<Outcome> {
  const { run } = config;
  const server = await readyServer(run, servers.urls);
  const scraper =
    config.trackMetrics && servers.replicas.length > 0
      ? new Scraper(files, name, servers.replicas, config.trackInterval)
      : null;
  try {
    const warmup = run.withWarmup ? await load(workload, run, server, signal) : null;
    const before = await Promise.all(servers.replicas.map(scrape));
    const result = await load(workload, run, server, signal);
    const after = await Promise.all(servers.replicas.map(scrape));
    const report = reportOf(result);
    if (report.failures.length > 0 && !signal.aborted) await checkPresent(servers);
    const told = after.flatMap((samples, i) => (samples === null ? [] : [engineFigures(before[i]!, samples)]));
    return {
      report,
      warmup: warmup === null ? null : reportOf(warmup),
      engines: averageFigures(told),
      model: server.model,
    };
  } finally {
    await scraper?.stop();
  }
}

/** Connections are cut before it is known that their process has ended. */
const KNOWN_MS = 500;

/** @throws UsageError that says which of the servers has ended, and how. */
async function checkPresent(servers: Servers): Promise<void> {
  await sleep(KNOWN_MS);
  const lost = servers.lost();
  if (lost !== null) throw new UsageError(lost);
}

function openLogs(files: SweepFiles, strategy: string): { stdout: WriteStream; stderr: WriteStream } {
  const open = (stream: "stdout" | "stderr") => {
    const path = files.log(strategy, stream);
    mkdirSync(dirname(path), { recursive: true });
    const log = createWriteStream(path, { flags: "a" });
    // A log is not worth a run.
    log.once("error", ({ message }) => process.stderr.write(`${path} cannot be written any more: ${message}\n`));
    return log;
  };
  return { stdout: open("stdout"), stderr: open("stderr") };
}
