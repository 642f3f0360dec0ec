import type { ProfileName } from "../../../src/simulator/index.js";
import { startChild } from "./child.js";
import { behindGateways, type GatewayOptions, gatewaysInWords, warmrouteProgram } from "./gateways.js";
import type { Launch, ServerKind, Servers } from "./servers.js";

/** What a simulated replica is like. */
export interface SimulatedReplicaFlags {
  /** Default: the profile's. */
  readonly model?: string | undefined;
  readonly profile: ProfileName;
  readonly enablePrefixCaching: boolean;
  readonly enableChunkedPrefill: boolean;
  /** ms within which tokens reach the client together. */
  readonly streamBatchMs: number;
  readonly speed: number;
}

/** A cluster of ours: simulated replicas and gateways. */
export interface EmbeddedOptions extends GatewayOptions {
  readonly replicas: number;
  readonly replica: SimulatedReplicaFlags;
}

/** Gateways and simulated replicas, each in a process of its own, on free ports. */
export function embeddedServers(options: EmbeddedOptions): ServerKind {
  const { replicas, replica } = options;
  return {
    about: `${gatewaysInWords(options)} and ${replicas} simulated ${replica.profile} replicas, each a process`,
    start: (launch) => startEmbedded(options, launch),
  };
}

async function startEmbedded(options: EmbeddedOptions, launch: Launch): Promise<Servers> {
  const { logs, signal } = launch;
  const name = "warmroute simulate";
  const child = await startChild(process.execPath, simulateArguments(options), {
    name,
    ready: SIMULATED,
    logs,
    signal,
  });
  const replicas = child.match![1]!.match(/http\S+/g)!.map((url, i) => ({ id: `replica-${i + 1}`, url }));
  return behindGateways(options, { addresses: replicas, lost: child.lost, stop: child.stop }, launch);
}

/** What `warmroute simulate` prints once its replicas listen: an address a line. */
const SIMULATED = /^simulated .*:\n((?: {2}http\S+\n)+)a gateway/m;

/** `warmroute simulate` of replicas in a process each, on free ports. */
function simulateArguments({ replicas, replica }: EmbeddedOptions): string[] {
  const { model, profile, enablePrefixCaching, enableChunkedPrefill, streamBatchMs, speed } = replica;
  return [
    ...[warmrouteProgram(), "simulate", "--processes", "each", "--replicas", String(replicas), "--port", "0"],
    ...["--profile", profile, "--stream-batch-ms", String(streamBatchMs), "--sim-speed", String(speed)],
    ...(model === undefined ? [] : ["--model", model]),
    ...(enablePrefixCaching ? [] : ["--no-prefix-caching"]),
    ...(enableChunkedPrefill ? [] : ["--no-chunked-prefill"]),
  ];
}
