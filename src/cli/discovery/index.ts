import type { Discovery, DiscoveryConfig } from "../../app/index.js";
import { dnsDiscovery } from "./dns.js";
import { fileDiscovery } from "./file.js";
import { kubernetesDiscovery } from "./kubernetes.js";

/** The source of replicas that a configuration describes. */
export function discover({ dns, file, kubernetes }: DiscoveryConfig): Discovery {
  if (dns !== undefined) return dnsDiscovery(dns);
  if (file !== undefined) return fileDiscovery(file);
  return kubernetesDiscovery(kubernetes!);
}
