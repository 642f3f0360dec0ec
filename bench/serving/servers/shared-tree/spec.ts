import type { ReplicaAddress } from "../servers.js";

/** Gateways of one process, whose routers share a tree. */
export interface SharedTreeSpec {
  readonly routers: number;
  /** Of the first; each further one has the next. */
  readonly seed: number;
  /** Name of a policy, or the path of a module. */
  readonly policy: string;
  /** Of the policy, as `warmroute serve` takes them. */
  readonly policyFlags: readonly string[];
  readonly replicas: readonly ReplicaAddress[];
  /** Most requests that a gateway has on one replica; absent: no limit. */
  readonly maxOngoingRequests?: number | undefined;
  /** Folder for what each tracks, by its name; absent: nothing. */
  readonly track?: string | undefined;
  /** s between two rows of what is sampled. */
  readonly trackInterval: number;
}

/** What each gateway is called in results. */
export function routerName(index: number): string {
  return `router-${index + 1}`;
}

/** What the process prints once all listen: the address of each gateway in a line. */
export const ALL_LISTEN: RegExp = /^gateways that share a tree:\n((?: {2}http\S+\n)+)ready$/m;
