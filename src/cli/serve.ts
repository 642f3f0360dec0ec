import { createGateway, type RequestRecord } from "../gateway/index.js";
import { Router, type RouterOptions } from "../routing/index.js";
import { type Listener, listen } from "./listen.js";
import type { ReplicaAddress } from "./option-values.js";
import { POLICY_OPTIONS } from "./policy-flags.js";
import { loadPolicy } from "./policy-module.js";
import { type RecordsOptions, startRecords } from "./records.js";
import { type SimulatedReplicas, startSimulatedReplicas } from "./replicas.js";
import { jsonLine, textLine } from "./request-log.js";
import { stopSignal, within } from "./shutdown.js";
import { UsageError } from "./usage-error.js";

/** What `warmroute serve` was told, by the names of its options. */
export interface ServeOptions extends RecordsOptions {
  readonly port: number;
  readonly host: string;
  readonly embedded?: number;
  readonly replica?: readonly ReplicaAddress[];
  readonly maxOngoingRequests?: number;
  readonly simSpeed: number;
  /** Its name, or the path of a module. */
  readonly policy: string;
  readonly insertAt: NonNullable<RouterOptions["insertAt"]>;
  readonly seed: number;
  readonly maxBodyBytes: number;
  readonly replicaHeader: boolean;
  readonly drainTimeout: number;
  readonly jsonLog: boolean;
  readonly quiet: boolean;
}

/** The model that is asked for in the line to try when the replicas are not ours. */
const EXAMPLE_MODEL = "Qwen/Qwen2.5-1.5B-Instruct";

/** Serves until SIGINT or SIGTERM, then lets open answers end. */
export async function serve(options: ServeOptions): Promise<void> {
  const stop = stopSignal();
  const simulated = await embeddedReplicas(options);
  try {
    const addresses = simulated?.replicas ?? options.replica ?? [];
    using router = buildRouter(options, await loadPolicy(options.policy), addresses);
    const records = await startRecords(router, options);
    const gateway = createGateway({
      router,
      replicaHeader: options.replicaHeader,
      maxBodyBytes: options.maxBodyBytes,
      ...(!options.quiet && { onRequestEnd: (record) => printRequest(record, options.jsonLog) }),
    });
    const listener = await listen((request) => gateway.fetch(request), options).catch(async (error) => {
      // So that the same command line works once the port is free.
      await records.discard();
      throw error;
    });
    printStart(listener, router, addresses, simulated?.model ?? EXAMPLE_MODEL, options);

    const signal = await stop;
    const closed = listener.close();
    print(
      options,
      { event: "draining", signal },
      `${signal}: finishing open answers, for ${options.drainTimeout} s at most`,
    );
    if (!(await within(options.drainTimeout, Promise.all([gateway.drain(), closed])))) {
      process.stderr.write("warmroute: the time to drain is over; open answers are cut\n");
      listener.destroy();
      await closed;
    }
    await records.close();
  } finally {
    await simulated?.stop();
  }
}

function embeddedReplicas(options: ServeOptions): Promise<SimulatedReplicas> | undefined {
  const { embedded, simSpeed, replica, maxBodyBytes } = options;
  if (embedded !== undefined) {
    return startSimulatedReplicas({ count: embedded, host: "127.0.0.1", port: 0, speed: simSpeed, maxBodyBytes });
  }
  if (replica === undefined) throw new UsageError("nothing to serve: give --embedded <count> or --replica <url>");
  return undefined;
}

function buildRouter(
  options: ServeOptions,
  policy: RouterOptions["policy"],
  addresses: readonly ReplicaAddress[],
): Router {
  const { maxOngoingRequests } = options;
  const routerOptions: RouterOptions = {
    policy,
    replicas: addresses.map((address) => ({
      ...address,
      ...(maxOngoingRequests !== undefined && { maxOngoingRequests }),
    })),
    seed: options.seed,
    insertAt: options.insertAt,
    ...given(options, POLICY_OPTIONS),
  };
  try {
    return new Router(routerOptions);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function printRequest(record: RequestRecord, json: boolean): void {
  const line = json ? jsonLine(record, new Date()) : textLine(record, new Date());
  process.stdout.write(`${line}\n`);
}

function printStart(
  listener: Listener,
  { policy }: Router,
  addresses: readonly ReplicaAddress[],
  model: string,
  options: ServeOptions,
): void {
  const address = listener.url.replace("//127.0.0.1:", "//localhost:").replace("//0.0.0.0:", "//localhost:");
  const body = JSON.stringify({ model, prompt: "Why is the sky blue?", max_tokens: 50, stream: false });
  print(
    options,
    { event: "listening", url: listener.url, policy, replicas: addresses },
    [
      `warmroute listens on ${listener.url}`,
      `policy ${policy}, replicas:`,
      ...addresses.map(({ id, url }) => `  ${id}  ${url}`),
      "try:",
      `  curl -X POST ${address}/v1/completions -H "Content-Type: application/json" -d '${body}'`,
      "",
    ].join("\n"),
  );
}

function print(options: ServeOptions, json: object, text: string): void {
  process.stdout.write(`${options.jsonLog ? JSON.stringify(json) : text}\n`);
}

/** Those of the named options that were given. */
function given(options: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));
}
