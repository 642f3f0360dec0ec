import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type OpenTelemetryApi, openTelemetry, type Tracing } from "../gateway/index.js";
import { UsageError } from "./usage-error.js";

/** Tracing that runs, and its end. */
export interface RunningTracing {
  readonly tracing: Tracing;
  /** Resolves when the spans that have ended are sent. */
  stop(): Promise<void>;
}

const API = "@opentelemetry/api";
const SDK = "@opentelemetry/sdk-node";

/**
 * Traces with the SDK that was preloaded (`node --import`), or else with `@opentelemetry/sdk-node`, which reads the standard `OTEL_*`
 * variables. Neither is a part of this package: they are looked for beside it, and then from the working folder.
 * @throws UsageError that says what to install.
 */
export async function startTracing(): Promise<RunningTracing> {
  const api = await load<Api>(API);
  if (api === null) throw new UsageError(`tracing needs ${API}: npm install ${API} ${SDK}`);
  const preloaded = api.trace.getTracerProvider();
  if (isThere(preloaded)) {
    return { tracing: openTelemetry(api), stop: async () => preloaded.getDelegate?.().forceFlush?.() };
  }
  const sdk = await load<Sdk>(SDK);
  if (sdk === null) {
    throw new UsageError(
      `tracing has nothing that would send its spans: npm install ${SDK}, or preload an SDK by NODE_OPTIONS="--import …"`,
    );
  }
  const node = new sdk.NodeSDK(isNamed(process.env) ? {} : { serviceName: "warmroute" });
  node.start();
  return { tracing: openTelemetry(api), stop: () => node.shutdown() };
}

interface Api extends OpenTelemetryApi {
  readonly trace: OpenTelemetryApi["trace"] & { getTracerProvider(): Provider };
}

/** The API's own, which stands for the one of an SDK once that is there; or that one itself. */
interface Provider {
  getDelegate?(): Provider;
  getDelegateTracer?(name: string): unknown;
  forceFlush?(): Promise<void>;
}

interface Sdk {
  readonly NodeSDK: new (options: { serviceName?: string }) => { start(): void; shutdown(): Promise<void> };
}

function isThere(provider: Provider): boolean {
  return provider.getDelegateTracer === undefined || provider.getDelegateTracer("warmroute") !== undefined;
}

function isNamed({ OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES = "" }: NodeJS.ProcessEnv): boolean {
  return Boolean(OTEL_SERVICE_NAME) || /(^|,)\s*service\.name=/.test(OTEL_RESOURCE_ATTRIBUTES);
}

/** Null for a package that is not there. */
async function load<Module>(name: string): Promise<Module | null> {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      return await import(pathToFileURL(createRequire(from).resolve(name)).href);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return null;
}
