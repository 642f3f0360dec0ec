import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { Cluster } from "./cluster.js";

export const NAMESPACE = "inference";
export const SERVICE = "vllm";
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const RBAC = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`;

/** The namespace with a service of both families, two nodes in two zones, and an account with the role that docs/configuration.md has. */
export async function createService(cluster: Cluster): Promise<void> {
  await cluster.change("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  for (const [name, zone] of [
    ["gpu-a-1", "eu-west-1a"],
    ["gpu-b-1", "eu-west-1b"],
  ]) {
    const labels = { "topology.kubernetes.io/zone": zone };
    await cluster.change("POST", "/api/v1/nodes", { metadata: { name, labels } });
  }
  const ports = [
    { name: "http", port: 80, targetPort: "http" },
    { name: "metrics", port: 9000, targetPort: "metrics" },
  ];
  await cluster.change("POST", `${CORE}/services`, {
    metadata: { name: SERVICE },
    spec: { ipFamilyPolicy: "RequireDualStack", selector: { app: SERVICE }, ports },
  });
  // Pods run under the first; a cluster's controller would make it.
  for (const name of ["default", "warmroute"]) await createAccount(cluster, name);
  await cluster.change("POST", `${RBAC}/roles`, documentedRole());
  await cluster.change("POST", `${RBAC}/rolebindings`, {
    metadata: { name: "warmroute" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "warmroute" },
    subjects: [{ kind: "ServiceAccount", name: "warmroute", namespace: NAMESPACE }],
  });
}

export async function createAccount(cluster: Cluster, name: string): Promise<void> {
  await cluster.change("POST", `${CORE}/serviceaccounts`, { metadata: { name } });
}

function documentedRole(): object {
  const text = readFileSync(fileURLToPath(new URL("../../../../docs/configuration.md", import.meta.url)), "utf8");
  return parse(text.match(/```yaml\n(apiVersion: rbac[\s\S]*?)```/)![1]!);
}

/** As the kubelet puts it into a pod. */
export async function tokenOf(cluster: Cluster, account: string): Promise<string> {
  const { status } = (await cluster.change("POST", `${CORE}/serviceaccounts/${account}/token`, { spec: {} })) as {
    status: { token: string };
  };
  return status.token;
}

export interface Pod {
  readonly name: string;
  readonly node: string;
  readonly addresses: readonly [ipv4: string, ipv6: string];
  /** Of its container port `http`. */
  readonly port: number;
}

/** A pod that runs and is not ready. */
export async function createPod(cluster: Cluster, { name, node, addresses, port }: Pod): Promise<void> {
  const ports = [
    { name: "http", containerPort: port },
    { name: "metrics", containerPort: 9000 },
  ];
  const containers = [{ name: SERVICE, image: "vllm/vllm-openai", ports }];
  await cluster.change("POST", `${CORE}/pods`, {
    metadata: { name, labels: { app: SERVICE } },
    spec: { nodeName: node, containers },
  });
  const podIPs = addresses.map((ip) => ({ ip }));
  await patchStatus(cluster, name, { phase: "Running", podIP: addresses[0], podIPs });
}

/** What the kubelet says after a probe. */
export async function setReady(cluster: Cluster, name: string, ready: boolean): Promise<void> {
  await patchStatus(cluster, name, { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] });
}

async function patchStatus(cluster: Cluster, name: string, status: object): Promise<void> {
  await cluster.change("PATCH", `${CORE}/pods/${name}/status`, { status });
}

/** It gets its grace period; it stays until it is removed. */
export async function terminatePod(cluster: Cluster, name: string): Promise<void> {
  await cluster.change("DELETE", `${CORE}/pods/${name}`, { gracePeriodSeconds: 30 });
}

/** As the kubelet does when its containers have ended. */
export async function removePod(cluster: Cluster, name: string): Promise<void> {
  await cluster.change("DELETE", `${CORE}/pods/${name}`, { gracePeriodSeconds: 0 });
}

export async function deleteService(cluster: Cluster): Promise<void> {
  await cluster.change("DELETE", `${CORE}/services/${SERVICE}`);
}
