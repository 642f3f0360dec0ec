import { type App, type AppConfig, buildOpenAiApp } from "../app/index.js";
import type { HttpHandler, Listener } from "../protocol/index.js";
import { allocateYoung } from "./allocation.js";
import { readCertificate, upstreamOptions } from "./certificate.js";
import { type ConfigFlags, checkFlagsOfFile, configOfFlags, withFlags } from "./config/flags.js";
import { readConfig } from "./config/read.js";
import { dashboardOf } from "./dashboard.js";
import { listenHttp } from "./listen.js";
import { NodePlatform } from "./platform.js";
import { type Records, type RecordsOptions, startRecords } from "./records.js";
import { type Configuration, Reloads } from "./reload.js";
import { Report } from "./report.js";
import { stopSignal, within } from "./shutdown.js";
import { type RunningTracing, startTracing } from "./tracing.js";
import { UsageError } from "./usage-error.js";

/** The flags that `warmroute serve` was given. */
export interface ServeOptions extends ConfigFlags, RecordsOptions {
  readonly dashboard?: boolean;
}

/**
 * Serves until SIGINT or SIGTERM, then lets open answers end. A file is read anew on SIGHUP, and when it or one that it names changes.
 */
export async function serve(file: string | undefined, options: ServeOptions): Promise<void> {
  allocateYoung();
  const stop = stopSignal();
  const dashboard = dashboardOf(options.dashboard === true);
  const configuration = async () => {
    const { config, files } = await readConfiguration(file, options);
    return { config: dashboard.open(config), files };
  };
  // It begins before the first reading, so that no change is missed.
  const reloads = new Reloads(file);
  let current = await configuration();
  reloads.watch(current.files);
  const report = new Report(current.config.log);
  const traced = current.config.tracing === true ? await startTracing() : null;
  const maxBodyBytes = () => current.config.maxBodyBytes;
  const platform = new NodePlatform(report, upstreamOptions(current.config), maxBodyBytes, traced?.tracing);
  try {
    const app = await usage(buildOpenAiApp(current.config, platform));
    try {
      const records = await recordsOf(app, options);
      const answer = dashboard.over(app, () => current.config);
      const listener = await startListening(answer, current.config).catch(async (error) => {
        // So that the same command line works once the port is free.
        await records.discard();
        throw error;
      });
      report.start(listener.url, app, current.config, dashboard.path(current.config));
      const recorded = options.record !== undefined || options.track !== undefined;
      reloads.start({ app, platform, listener, report, configuration, before: current, recorded }, (next) => {
        current = next;
      });
      const signal = await stop;
      reloads.stop();
      await drain(app, listener, report, { signal, seconds: current.config.drainTimeoutSecs ?? 30 });
      await records.close();
    } finally {
      await app.close();
    }
  } finally {
    await platform.close();
    if (traced !== null) await flush(traced, report);
    await report.close();
  }
}

async function readConfiguration(file: string | undefined, options: ServeOptions): Promise<Configuration> {
  if (file === undefined) return { config: configOfFlags(options), files: [] };
  checkFlagsOfFile(options);
  const { config, files } = await readConfig(file, process.env);
  return { config: withFlags(config, options), files };
}

/** What a person can put right is told without a stack. */
async function usage<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const isOurs = error instanceof TypeError || error instanceof RangeError;
    const { name, message, cause = error } = error as Error;
    if (isOurs || name === "ConfigError" || (cause as NodeJS.ErrnoException).code !== undefined)
      throw new UsageError(message);
    throw error;
  }
}

function recordsOf({ models }: App, options: RecordsOptions): Promise<Records> {
  if (models.length > 1 && (options.record !== undefined || options.track !== undefined)) {
    throw new UsageError(`--record and --track are for one model; there are ${models.length}`);
  }
  return startRecords(models[0]!.router, options);
}

/** Node counts the line of a request too, and what is beyond its limit gets no answer of ours. */
const REQUEST_LINE_BYTES = 16 * 1024;

function startListening(
  answer: HttpHandler,
  { listen: address = {}, tls, maxHeaderBytes = 32_768 }: AppConfig,
): Promise<Listener> {
  const { host = "127.0.0.1", port = 8000 } = address;
  return listenHttp(answer, {
    host,
    port,
    maxHeaderBytes: maxHeaderBytes + REQUEST_LINE_BYTES,
    certificate: tls && readCertificate(tls),
  });
}

/** The exporter gives up by itself, after `OTEL_EXPORTER_OTLP_TIMEOUT`. */
async function flush(traced: RunningTracing, report: Report): Promise<void> {
  try {
    await traced.stop();
  } catch (error) {
    report.problem(`spans are lost: ${(error as Error).message}`);
  }
}

async function drain(
  app: App,
  listener: Listener,
  report: Report,
  { signal, seconds }: { signal: string; seconds: number },
): Promise<void> {
  const closed = listener.close();
  report.draining(signal, seconds);
  if (await within(seconds, Promise.all([app.drain(), closed]))) return;
  report.problem("the time to drain is over; open answers are cut");
  listener.destroy();
  await closed;
}
