/** Where a path is found on a replica, whose own address may have a path. */
export function replicaUrl(address: string, target: string): string {
  return address.replace(/\/+$/, "") + target;
}
