import type { ReplicaOptions } from "../routing/index.js";
import type { ModelConfig, ReplicaConfig } from "./config.js";
import type { DiscoveredReplica } from "./discovery.js";
import type { ServerConfig } from "./platform.js";

/** A replica of a model: one that runs already, or one to be started. */
export interface Member {
  readonly id: string;
  /** What the router is told of it, but for the address of one that is started. */
  readonly options: ReplicaOptions;
  /** Null for one that runs already. */
  readonly server: ServerConfig | null;
}

/** The replicas that a model's configuration names, each of a `count` by itself. */
export function membersOf(model: ModelConfig): Member[] {
  const members: Member[] = [];
  for (const replica of model.replicas ?? []) {
    const { count = 1, id = replica.url === undefined ? undefined : hostOf(replica.url) } = replica;
    for (let i = 1; i <= count; i++) {
      const numbered = replica.count === undefined ? id : id && `${id}-${i}`;
      members.push(member(model, replica, numbered ?? `replica-${members.length + 1}`));
    }
  }
  return members;
}

/** One that discovery has found. */
export function foundMember(model: ModelConfig, replica: DiscoveredReplica): Member {
  return member(model, replica, replica.id);
}

function member(model: ModelConfig, replica: ReplicaConfig, id: string): Member {
  const { maxOngoingRequests = model.maxOngoingRequests, labels, models, node, zone, url } = replica;
  const headers = { ...upstreamHeaders(model), ...upstreamHeaders(replica) };
  const options = {
    id,
    ...(url !== undefined && { url: baseOf(url) }),
    ...(maxOngoingRequests !== undefined && { maxOngoingRequests }),
    ...(models !== undefined && { model: models }),
    ...(labels !== undefined && { labels }),
    ...(node !== undefined && { node }),
    ...(zone !== undefined && { zone }),
    ...(Object.keys(headers).length > 0 && { headers }),
  };
  return { id, options, server: serverOf(model, replica, id) };
}

function serverOf(model: ModelConfig, replica: ReplicaConfig, id: string): ServerConfig | null {
  const { simulated, command, env, cwd, port, ready, stopTimeoutMs } = replica;
  const served = model.servedName ?? model.name;
  if (simulated !== undefined) return { id, simulated, ...(served !== undefined && { model: served }) };
  if (command === undefined) return null;
  return {
    id,
    command,
    ...(env !== undefined && { env }),
    ...(cwd !== undefined && { cwd }),
    ...(port !== undefined && { port }),
    ...(ready !== undefined && { ready }),
    ...(stopTimeoutMs !== undefined && { stopTimeoutMs }),
  };
}

/** Names in lower case, so that a replica's own take the place of its model's. */
function upstreamHeaders({ headers = {}, apiKey }: ReplicaConfig | ModelConfig): Record<string, string> {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }), ...Object.fromEntries(lower) };
}

function hostOf(url: string): string {
  return new URL(url).host;
}

function baseOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/+$/, "");
}
