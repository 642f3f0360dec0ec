import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { UsageError } from "../../../src/cli/usage-error.js";
import { type Child, startChild } from "./child.js";
import type { Launch, ReplicaAddress, Servers } from "./servers.js";
import { ALL_LISTEN, routerName, type SharedTreeSpec } from "./shared-tree/spec.js";

/** Gateways in front of replicas. */
export interface GatewayOptions {
  readonly routers: number;
  /** `own`: a gateway is a process with a tree of its own. `shared`: the gateways are one process, and their routers share a tree. */
  readonly tree: "own" | "shared";
  /** Most requests that a gateway has on one replica; undefined: no limit. */
  readonly maxOngoingRequests?: number | undefined;
  /** Of the first; each further one has the next. */
  readonly seed: number;
  /** Of policies, as `warmroute serve` takes them. */
  readonly policyFlags: readonly string[];
}

/** Replicas that are up. */
export interface StartedReplicas {
  readonly addresses: readonly ReplicaAddress[];
  lost(): string | null;
  stop(): Promise<void>;
}

export function gatewaysInWords({ routers, tree }: Pick<GatewayOptions, "routers" | "tree">): string {
  if (routers === 1) return "a gateway";
  return tree === "own"
    ? `${routers} gateways, each with its own tree,`
    : `${routers} gateways of one process, which share a tree,`;
}

/** Starts gateways in front of replicas, which stop after them, and when they do not come up. */
export async function behindGateways(
  options: GatewayOptions,
  replicas: StartedReplicas,
  launch: Launch,
): Promise<Servers> {
  const gateways: Child[] = [];
  const stop = async () => {
    for (const gateway of gateways.toReversed()) await gateway.stop();
    await replicas.stop();
  };
  const { addresses } = replicas;
  try {
    const urls =
      options.tree === "shared" && options.routers > 1
        ? await startSharing(options, addresses, launch, gateways)
        : await startApart(options, addresses, launch, gateways);
    const lost = () => replicas.lost() ?? gateways.map((gateway) => gateway.lost()).find((how) => how !== null) ?? null;
    return { urls, replicas: addresses, lost, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A process each. */
async function startApart(
  options: GatewayOptions,
  replicas: readonly ReplicaAddress[],
  { logs, signal, ...launch }: Launch,
  gateways: Child[],
): Promise<string[]> {
  for (let i = 0; i < options.routers; i++) {
    const args = serveArguments(options, replicas, launch, i);
    const name = options.routers === 1 ? "the gateway" : `gateway ${routerName(i)}`;
    gateways.push(await startChild(process.execPath, args, { name, ready: LISTENS, logs, signal }));
  }
  return gateways.map(({ match }) => match![1]!);
}

const LISTENS = /warmroute listens on (\S+)[\s\S]*curl/;

/** One process. */
async function startSharing(
  { routers, seed, policyFlags, maxOngoingRequests }: GatewayOptions,
  replicas: readonly ReplicaAddress[],
  { policy, track, trackInterval = 1, logs, signal }: Launch,
  gateways: Child[],
): Promise<string[]> {
  const spec: SharedTreeSpec = {
    routers,
    seed,
    policy,
    policyFlags,
    replicas,
    maxOngoingRequests,
    track,
    trackInterval,
  };
  const args = [...sharedTreeProgram(), JSON.stringify(spec)];
  const name = "the process of all gateways";
  const child = await startChild(process.execPath, args, { name, ready: ALL_LISTEN, logs, signal });
  gateways.push(child);
  return child.match![1]!.match(/http\S+/g)!;
}

function serveArguments(
  { seed, policyFlags, maxOngoingRequests }: GatewayOptions,
  replicas: readonly ReplicaAddress[],
  { policy, track, trackInterval = 1 }: Pick<Launch, "policy" | "track" | "trackInterval">,
  index: number,
): string[] {
  const args = [warmrouteProgram(), "serve", "--port", "0", "--quiet", "--policy", policy];
  args.push("--seed", String(seed + index), ...policyFlags);
  for (const { id, url } of replicas) args.push("--replica", `${id}=${url}`);
  if (maxOngoingRequests !== undefined) args.push("--max-ongoing-requests", String(maxOngoingRequests));
  if (track !== undefined) {
    args.push("--track", join(track, routerName(index)), "--track-interval", String(trackInterval));
  }
  return args;
}

/** The command `warmroute`: beside the sources, or packed with the published program. */
export function warmrouteProgram(): string {
  const found = firstThere(["../../../dist/cli/main.js", "./warmroute/dist/cli/main.js"]);
  if (found === undefined) throw new UsageError("warmroute is not built: run `npm run build` first");
  return found;
}

/** Arguments of Node: a source that is compiled as it is loaded, or what was packed. */
function sharedTreeProgram(): string[] {
  const source = firstThere(["./shared-tree/main.ts"]);
  if (source === undefined) return [fileURLToPath(new URL("./shared-tree.js", import.meta.url))];
  return ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href, source];
}

function firstThere(places: readonly string[]): string | undefined {
  return places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
}
