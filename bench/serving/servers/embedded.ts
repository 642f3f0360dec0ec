import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../../src/cli/usage-error.js";
import type { ProfileName } from "../../../src/simulator/index.js";
import { type Child, startChild } from "./child.js";
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
export interface EmbeddedOptions {
  readonly replicas: number;
  /** Gateways, each with a tree of its own. */
  readonly routers: number;
  readonly replica: SimulatedReplicaFlags;
  /** Most requests that a gateway has on one replica; undefined: no limit. */
  readonly maxOngoingRequests?: number | undefined;
  readonly seed: number;
  /** Of policies, as `warmroute serve` takes them. */
  readonly policyFlags: readonly string[];
}

/** Gateways and simulated replicas, each in a process of its own, on free ports. */
export function embeddedServers(options: EmbeddedOptions): ServerKind {
  const { replicas, routers, replica } = options;
  const gateways = routers === 1 ? "a gateway" : `${routers} gateways, each with its own tree,`;
  return {
    about: `${gateways} and ${replicas} simulated ${replica.profile} replicas, each a process`,
    start: (launch) => startEmbedded(options, launch),
  };
}

async function startEmbedded(options: EmbeddedOptions, launch: Launch): Promise<Servers> {
  const { logs, signal } = launch;
  const children: Child[] = [];
  // Gateways first, so that they can end what they are at.
  const stop = async () => {
    for (const child of children.toReversed()) await child.stop();
  };
  const start = async (args: readonly string[], ready: RegExp): Promise<string> => {
    const child = await startChild(process.execPath, args, { ready, logs, signal });
    children.push(child);
    return child.match![1]!;
  };
  try {
    const simulated = await start(simulateArguments(options), /^simulated .*:\n((?: {2}http\S+\n)+)a gateway/m);
    const replicas = simulated.match(/http\S+/g)!.map((url, i) => ({ id: `replica-${i + 1}`, url }));
    const urls: string[] = [];
    for (let i = 0; i < options.routers; i++) {
      const args = [warmrouteProgram(), "serve", "--port", "0", "--quiet", "--policy", launch.policy];
      args.push("--seed", String(options.seed + i), ...options.policyFlags);
      for (const { id, url } of replicas) args.push("--replica", `${id}=${url}`);
      if (options.maxOngoingRequests !== undefined) {
        args.push("--max-ongoing-requests", String(options.maxOngoingRequests));
      }
      if (launch.track !== undefined) {
        args.push(
          "--track",
          join(launch.track, `router-${i + 1}`),
          "--track-interval",
          String(launch.trackInterval ?? 1),
        );
      }
      urls.push(await start(args, /warmroute listens on (\S+)[\s\S]*curl/));
    }
    return { urls, replicas, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

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

/** The command `warmroute`: beside the sources, or packed with the published program. */
function warmrouteProgram(): string {
  const places = ["../../../dist/cli/main.js", "./warmroute/dist/cli/main.js"];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new UsageError("warmroute is not built: run `npm run build` first");
  return found;
}
