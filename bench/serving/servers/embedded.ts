import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../../src/cli/usage-error.js";
import { type Child, startChild } from "./child.js";
import type { Launch, ServerKind, Servers } from "./servers.js";
import type { SimulatedReplicaFlags } from "./simulated-replica.js";

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
    const own = [...process.execArgv, process.argv[1]!];
    const replicas = await Promise.all(
      Array.from({ length: options.replicas }, async (_, i) => {
        const url = await start([...own, "simulated-replica", JSON.stringify(options.replica)], /replica at (\S+)/);
        return { id: `replica-${i + 1}`, url };
      }),
    );
    const urls: string[] = [];
    for (let i = 0; i < options.routers; i++) {
      const args = [gatewayProgram(), "serve", "--port", "0", "--quiet", "--policy", launch.policy];
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

/** The command `warmroute`: beside the sources, or packed with the published program. */
function gatewayProgram(): string {
  const places = ["../../../dist/cli/main.js", "./warmroute/dist/cli/main.js"];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new UsageError("warmroute is not built: run `npm run build` first");
  return found;
}
