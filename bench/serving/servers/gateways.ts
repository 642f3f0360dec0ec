import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../../src/cli/usage-error.js";
import { type Child, startChild } from "./child.js";
import type { Launch, ReplicaAddress, Servers } from "./servers.js";

/** Gateways in front of replicas. */
export interface GatewayOptions {
  /** Gateways, each with a tree of its own. */
  readonly routers: number;
  /** Most requests that a gateway has on one replica; undefined: no limit. */
  readonly maxOngoingRequests?: number | undefined;
  /** Of the first; each further one has the next. */
  readonly seed: number;
  /** Of policies, as `warmroute serve` takes them. */
  readonly policyFlags: readonly string[];
}

export function gatewaysInWords({ routers }: Pick<GatewayOptions, "routers">): string {
  return routers === 1 ? "a gateway" : `${routers} gateways, each with its own tree,`;
}

/**
 * Starts gateways, a process each, in front of replicas that are up.
 * @param stopReplicas called after the gateways have ended what they were at, and when they do not come up.
 */
export async function behindGateways(
  options: GatewayOptions,
  replicas: readonly ReplicaAddress[],
  launch: Launch,
  stopReplicas: () => Promise<void>,
): Promise<Servers> {
  const gateways: Child[] = [];
  const stop = async () => {
    for (const gateway of gateways.toReversed()) await gateway.stop();
    await stopReplicas();
  };
  try {
    for (let i = 0; i < options.routers; i++) {
      const args = serveArguments(options, replicas, launch, i);
      gateways.push(await startChild(process.execPath, args, { ...launch, ready: LISTENS }));
    }
    return { urls: gateways.map(({ match }) => match![1]!), replicas, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const LISTENS = /warmroute listens on (\S+)[\s\S]*curl/;

function serveArguments(
  { seed, policyFlags, maxOngoingRequests }: GatewayOptions,
  replicas: readonly ReplicaAddress[],
  { policy, track, trackInterval = 1 }: Launch,
  index: number,
): string[] {
  const args = [warmrouteProgram(), "serve", "--port", "0", "--quiet", "--policy", policy];
  args.push("--seed", String(seed + index), ...policyFlags);
  for (const { id, url } of replicas) args.push("--replica", `${id}=${url}`);
  if (maxOngoingRequests !== undefined) args.push("--max-ongoing-requests", String(maxOngoingRequests));
  if (track !== undefined) {
    args.push("--track", join(track, `router-${index + 1}`), "--track-interval", String(trackInterval));
  }
  return args;
}

/** The command `warmroute`: beside the sources, or packed with the published program. */
export function warmrouteProgram(): string {
  const places = ["../../../dist/cli/main.js", "./warmroute/dist/cli/main.js"];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new UsageError("warmroute is not built: run `npm run build` first");
  return found;
}
