import { RequestError } from "../../protocol/index.js";
import type { ReplicaOptions } from "../../routing/index.js";
import type { Fleet } from "../fleet.js";
import { checkReplicaUrl } from "../replica-url.js";

/** @throws RequestError for a replica that cannot be added. */
export function addReplica(fleet: Fleet, body: Record<string, unknown>): void {
  const options = body as unknown as ReplicaOptions;
  const { router } = fleet;
  if (router.replicas.some(({ id }) => id === options.id)) {
    throw new RequestError(409, `There is a replica ${JSON.stringify(options.id)} already.`, {
      code: "replica_exists",
    });
  }
  asRequestError(() => {
    checkReplicaUrl(String(options.id), options.url);
    router.updateReplicas([...router.replicas.map((replica) => replica.options), options]);
  });
}

/** Its requests go on; it gets no other. @throws RequestError 404 */
export function removeReplica(fleet: Fleet, id: string): void {
  const { router } = fleet;
  const left = router.replicas.filter((replica) => replica.id !== id);
  if (left.length === router.replicas.length) throw noReplica(id);
  router.updateReplicas(left.map(({ options }) => options));
}

/** @throws RequestError 404 */
export function drainReplica(fleet: Fleet, id: string, draining: boolean): void {
  if (!fleet.drain(id, draining)) throw noReplica(id);
}

function noReplica(id: string): RequestError {
  return new RequestError(404, `There is no replica ${JSON.stringify(id)}.`, { code: "replica_not_found" });
}

function asRequestError(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new RequestError(400, `${error.message}.`, { code: "invalid_replica" });
  }
}
