/**
 * Records ../recording.json: what a real kube-apiserver answers to the requests that the discovery sends, while a service's pods come and go.
 *
 *     npm run record:kubernetes -- FOLDER && npx biome check --write test/cli/discovery
 *
 * FOLDER has `etcd`, `kube-apiserver` and `kube-controller-manager`. The pods are objects only: what a kubelet would say of them is said
 * for it; the slices are the controller's.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EndpointSlice } from "../../../../src/cli/discovery/endpoint-slices.js";
import type { Recording, SliceList, Status } from "../recording.js";
import { Cluster } from "./cluster.js";
import { ask, askUntil, type Query, RecordedWatch } from "./recorder.js";
import {
  createAccount,
  createPod,
  createService,
  deleteService,
  removePod,
  SERVICE,
  setReady,
  terminatePod,
  tokenOf,
} from "./service.js";

const SERVICE_LABEL = "kubernetes.io/service-name";
const WATCH_S = 30;

const [binaries] = process.argv.slice(2);
if (binaries === undefined) throw new Error("say where etcd, kube-apiserver and kube-controller-manager are");
const folder = mkdtempSync(join(tmpdir(), "cluster-"));
const cluster = await Cluster.start(binaries, folder);
try {
  const recording = await record();
  const file = fileURLToPath(new URL("../recording.json", import.meta.url));
  writeFileSync(file, `${JSON.stringify(recording, null, 2)}\n`);
} finally {
  await cluster.stop();
}
rmSync(folder, { recursive: true });

async function record(): Promise<Recording> {
  const date = new Date().toISOString();
  const versions = await cluster.versions();
  await createService(cluster);
  const token = await tokenOf(cluster, "warmroute");
  const labelSelector = `${SERVICE_LABEL}=${SERVICE}`;
  const list = (more: Query = {}) => ask<SliceList>(cluster, { labelSelector, limit: "500", ...more }, token);
  const watch = (resourceVersion: string, slices: readonly EndpointSlice[] = [], seconds = WATCH_S) => {
    const more = { watch: "1", resourceVersion, allowWatchBookmarks: "true", timeoutSeconds: String(seconds) };
    return RecordedWatch.open(cluster, { labelSelector, ...more }, token, slices);
  };

  const noService = await list({ labelSelector: `${SERVICE_LABEL}=none` });
  const noPods = await askUntil(list, ({ items }) => items.length === 2);

  const [a, b, c] = [
    { name: "vllm-0", node: "gpu-a-1", addresses: ["10.244.1.17", "fd00:10:244:1::11"], port: 8000 },
    { name: "vllm-1", node: "gpu-b-1", addresses: ["10.244.2.9", "fd00:10:244:2::9"], port: 8000 },
    { name: "vllm-2", node: "gpu-b-1", addresses: ["10.244.2.10", "fd00:10:244:2::a"], port: 8001 },
  ] as const;
  await createPod(cluster, a);
  await setReady(cluster, a.name, true);
  await createPod(cluster, b);
  const listed = await askUntil(
    list,
    ({ items }) => here(items, "vllm-0", "ready") && here(items, "vllm-1", "unready"),
  );
  const { resourceVersion } = listed.body.metadata;

  const open = await watch(resourceVersion, listed.body.items);
  await open.step(
    "vllm-1 becomes ready",
    () => setReady(cluster, b.name, true),
    (slices) => here(slices, b.name, "ready"),
  );
  await open.step(
    "vllm-2 comes, with another port",
    async () => {
      await createPod(cluster, c);
      await setReady(cluster, c.name, true);
    },
    (slices) => here(slices, c.name, "ready"),
  );
  const first = await list({ limit: "1" });
  const pages = [first];
  while (pages.at(-1)!.body.metadata.continue) {
    pages.push(await list({ limit: "1", continue: pages.at(-1)!.body.metadata.continue! }));
  }
  await open.step(
    "vllm-0 is told to end",
    () => terminatePod(cluster, a.name),
    (slices) => here(slices, a.name, "terminating"),
  );
  await open.step(
    "vllm-0 has ended",
    () => removePod(cluster, a.name),
    (slices) => here(slices, a.name, "gone"),
  );
  await open.step(
    "vllm-1 fails a probe",
    () => setReady(cluster, b.name, false),
    (slices) => here(slices, b.name, "unready"),
  );
  await open.step(
    "vllm-2 is removed",
    () => removePod(cluster, c.name),
    (slices) => slices.length === 2,
  );
  await open.step(
    "the service is deleted",
    () => deleteService(cluster),
    (slices) => slices.length === 0,
  );
  const watched = await open.ended("its time is over");

  const { resourceVersion: now } = (await list()).body.metadata;
  await cluster.compact(now);
  // What is compacted the API server still has in its memory, until it is started anew.
  const cut = await watch(now, [], 300);
  await cluster.stopApiServer();
  const stopped = await cut.ended("the API server is stopped");
  await cluster.startApiServer();
  const latePage = await ask<Status>(
    cluster,
    { labelSelector, limit: "1", continue: first.body.metadata.continue! },
    token,
  );
  const expired = await (await watch(resourceVersion)).ended("the version is too old");
  const ahead = await (await watch(String(Number(now) + 1_000_000))).ended("the version has not been yet");

  await createAccount(cluster, "nobody");
  const query = { labelSelector, limit: "500" };
  const forbidden = await ask<Status>(cluster, query, await tokenOf(cluster, "nobody"));
  const unauthorized = await ask<Status>(cluster, query, "no-token-of-this-cluster");
  return {
    recorded: { date, versions },
    noService,
    noPods,
    list: listed,
    watch: watched,
    pages,
    latePage,
    stopped,
    expired,
    ahead,
    forbidden,
    unauthorized,
  };
}

/** Whether a pod's endpoints of both families are in that state. */
function here(
  slices: readonly EndpointSlice[],
  pod: string,
  state: "ready" | "unready" | "terminating" | "gone",
): boolean {
  const endpoints = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ targetRef }) => targetRef?.name === pod);
  if (state === "gone") return endpoints.length === 0;
  return (
    endpoints.length === 2 &&
    endpoints.every(({ conditions }) => {
      const { ready, terminating } = conditions as { ready?: boolean; terminating?: boolean };
      return state === "terminating" ? terminating === true : ready === (state === "ready");
    })
  );
}
