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

const FAMILIES = ["IPv4", "IPv6", "FQDN"] as const;

interface EndpointPort {
  readonly name?: string | null;
  readonly port?: number | null;
}

/**
 * The ready endpoints of a service's slices, each once, in the order of their names; by their pods' names where they are pods. What is
 * not said of an endpoint's readiness counts as ready, as the API has it.
 *
 * A service of both families has every pod in slices of both, which are changed one after the other, in any order. Pods count by one of
 * them, IPv4 if there are any: else one would be a replica at its other address in between, on its way in or out.
 */
export function replicasOf(
  slices: readonly EndpointSlice[],
  { port: wanted, scheme = "http" }: Pick<KubernetesConfig, "port" | "scheme">,
): { replicas: DiscoveredReplica[]; problem: string | null } {
  const replicas = new Map<string, DiscoveredReplica>();
  let problem: string | null = null;
  const family = FAMILIES.find((each) =>
    slices.some(({ addressType, endpoints }) => addressType === each && endpoints?.some(isPod)),
  );
  for (const { addressType, endpoints, ports, metadata } of slices) {
    const there = (ports ?? []).filter((each) => each.port !== undefined && each.port !== null);
    const port = portOf(there, wanted);
    if (port === null) {
      const names = there.map((each) => each.name || String(each.port)).join(", ") || "none";
      const asked = wanted === undefined ? "which port is meant is not said" : `there is no port ${wanted}`;
      if ((endpoints ?? []).length > 0) problem = `endpoint slice ${metadata.name}: ${asked}; there are ${names}`;
      continue;
    }
    for (const endpoint of endpoints ?? []) {
      const { addresses, conditions, targetRef, nodeName, zone } = endpoint;
      const [address] = addresses;
      if (address === undefined || conditions?.ready === false) continue;
      if (isPod(endpoint) && addressType !== family) continue;
      const host = addressType === "IPv6" ? `[${address}]` : address;
      const id = isPod(endpoint) ? targetRef!.name! : `${host}:${port}`;
      if (replicas.has(id)) continue;
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

function isPod({ targetRef }: Endpoint): boolean {
  return targetRef?.kind === "Pod" && !!targetRef.name;
}

/** By its name or number; the only one where neither is given. Null if that is none. */
function portOf(ports: readonly EndpointPort[], wanted: string | number | undefined): number | null {
  if (wanted === undefined) return ports.length === 1 ? ports[0]!.port! : null;
  if (typeof wanted === "number") return wanted;
  return ports.find(({ name }) => name === wanted)?.port ?? null;
}
