import type { DiscoveredReplica, KubernetesConfig } from "../../app/index.js";
import type { KubernetesObject } from "./list-watch.js";

/** Of `discovery.k8s.io/v1`, as far as it concerns addresses. */
export interface EndpointSlice extends KubernetesObject {
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints: readonly Endpoint[] | null;
  readonly ports: readonly EndpointPort[] | null;
}

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean | null } | null;
  readonly targetRef?: { readonly kind?: string; readonly name?: string } | null;
  readonly nodeName?: string | null;
  readonly zone?: string | null;
}

const FAMILIES: readonly string[] = ["IPv4", "IPv6", "FQDN"];

interface EndpointPort {
  readonly name?: string | null;
  readonly port?: number | null;
}

/**
 * The ready endpoints of a service's slices, each once, in the order of their names; by their pods' names where they are pods. What is
 * not said of an endpoint's readiness counts as ready, as the API has it.
 *
 * A service of both families has every pod in slices of both, which change one after the other, in any order. Of a pod that has IPv4
 * those slices alone count: else it would be ready at its other address in between.
 */
export function replicasOf(
  slices: readonly EndpointSlice[],
  { port: wanted, scheme = "http" }: Pick<KubernetesConfig, "port" | "scheme">,
): { replicas: DiscoveredReplica[]; problem: string | null } {
  const replicas = new Map<string, DiscoveredReplica>();
  const families = new Map<string, string>();
  let problem: string | null = null;
  const ordered = [...slices].sort((a, b) => FAMILIES.indexOf(a.addressType) - FAMILIES.indexOf(b.addressType));
  for (const { addressType, endpoints, ports, metadata } of ordered) {
    const there = (ports ?? []).filter((each) => each.port !== undefined && each.port !== null);
    const port = portOf(there, wanted);
    if (port === null) {
      const names = there.map((each) => each.name || String(each.port)).join(", ") || "none";
      const asked = wanted === undefined ? "which port is meant is not said" : `there is no port ${wanted}`;
      if ((endpoints ?? []).length > 0) problem = `endpoint slice ${metadata.name}: ${asked}; there are ${names}`;
      continue;
    }
    for (const { addresses, conditions, targetRef, nodeName, zone } of endpoints ?? []) {
      const [address] = addresses;
      if (address === undefined) continue;
      const host = addressType === "IPv6" ? `[${address}]` : address;
      const id = targetRef?.kind === "Pod" && targetRef.name ? targetRef.name : `${host}:${port}`;
      const family = families.get(id) ?? addressType;
      families.set(id, family);
      if (family !== addressType || conditions?.ready === false || replicas.has(id)) continue;
      replicas.set(id, {
        id,
        url: `${scheme}://${host}:${port}`,
        ...(nodeName && { node: nodeName }),
        ...(zone && { zone }),
      });
    }
  }
  return { replicas: [...replicas.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), problem };
}

/** By its name or number; the only one where neither is given. Null if that is none. */
function portOf(ports: readonly EndpointPort[], wanted: string | number | undefined): number | null {
  if (wanted === undefined) return ports.length === 1 ? ports[0]!.port! : null;
  if (typeof wanted === "number") return wanted;
  return ports.find(({ name }) => name === wanted)?.port ?? null;
}
