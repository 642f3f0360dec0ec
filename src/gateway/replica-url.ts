import type { Replica } from "../routing/index.js";

/** Where a path is found on a replica, whose own address may have a path. */
export function replicaUrl(replica: Replica, target: string): string {
  return replica.url!.replace(/\/+$/, "") + target;
}
