import { readFileSync } from "node:fs";
import { type Fault, PROFILES, type Profile, type ProfileName, type StartReplicaOptions } from "../simulator/index.js";
import { startReplicaProcesses } from "./replica-processes.js";
import { type SimulatedReplicas, type SimulatedReplicasOptions, startSimulatedReplicas } from "./replicas.js";
import { stopSignal } from "./shutdown.js";
import { UsageError } from "./usage-error.js";

/** What `warmroute simulate` was told, by the names of its options. */
export interface SimulateOptions {
  readonly replicas: number;
  readonly port: number;
  readonly host: string;
  readonly processes: "one" | "each";
  /** A name, or the path of a JSON file. */
  readonly profile: string;
  readonly model?: string;
  readonly loras?: readonly string[];
  readonly maxNumSeqs?: number;
  readonly maxOngoingRequests?: number;
  readonly prefixCaching: boolean;
  readonly chunkedPrefill: boolean;
  readonly streamBatchMs: number;
  readonly metricsIntervalMs: number;
  readonly kvEvents: boolean;
  readonly kvEventsEndpoint?: string;
  readonly kvEventsReplayEndpoint?: string;
  /** Path of a JSON file. */
  readonly faults?: string;
  readonly simSpeed: number;
}

/** Serves simulated replicas until SIGINT or SIGTERM, which cuts what is open. */
export async function simulate(options: SimulateOptions): Promise<void> {
  const stop = stopSignal();
  const start = options.processes === "each" ? startReplicaProcesses : startSimulatedReplicas;
  const simulated = await start(replicasOptions(options));
  printStart(simulated);
  const died = await Promise.race([stop.then(() => null), simulated.died]);
  await simulated.stop();
  if (died !== null) throw new UsageError(died);
}

function printStart({ replicas, model }: SimulatedReplicas): void {
  const urls = replicas.map(({ url }) => url);
  process.stdout.write(
    [
      `simulated ${model}:`,
      ...urls.map((url) => `  ${url}`),
      "a gateway in front of them:",
      `  warmroute serve ${urls.map((url) => `--replica ${url}`).join(" ")}`,
      "",
    ].join("\n"),
  );
}

function replicasOptions(options: SimulateOptions): SimulatedReplicasOptions {
  const { model, loras, maxNumSeqs, maxOngoingRequests, faults } = options;
  const zeromq = zeroMqOptions(options);
  return {
    count: options.replicas,
    host: options.host,
    port: options.port,
    profile: profileOf(options.profile),
    enablePrefixCaching: options.prefixCaching,
    enableChunkedPrefill: options.chunkedPrefill,
    streamBatchMs: options.streamBatchMs,
    metricsIntervalMs: options.metricsIntervalMs,
    kvEvents: options.kvEvents,
    speed: options.simSpeed,
    ...(model !== undefined && { model }),
    ...(loras !== undefined && { loras }),
    ...(maxNumSeqs !== undefined && { maxNumSeqs }),
    ...(maxOngoingRequests !== undefined && { maxOngoingRequests }),
    ...(faults !== undefined && { faults: readJson("faults", faults) as Fault[] }),
    ...(zeromq !== undefined && { zeromq }),
  };
}

function zeroMqOptions({
  kvEventsEndpoint: endpoint,
  kvEventsReplayEndpoint: replayEndpoint,
}: SimulateOptions): StartReplicaOptions["zeromq"] | undefined {
  if (endpoint === undefined && replayEndpoint === undefined) return undefined;
  return { ...(endpoint !== undefined && { endpoint }), ...(replayEndpoint !== undefined && { replayEndpoint }) };
}

/** A profile that comes with the package, or one in a file, whose figures the replica checks. */
function profileOf(value: string): ProfileName | Profile {
  if (Object.hasOwn(PROFILES, value)) return value as ProfileName;
  if (!value.endsWith(".json")) {
    throw new UsageError(`profile must be one of ${Object.keys(PROFILES).join(", ")}, or a .json file, not "${value}"`);
  }
  return readJson("profile", value) as Profile;
}

function readJson(what: string, path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${what} ${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${what} ${path} is not JSON: ${(error as Error).message}`);
  }
}
