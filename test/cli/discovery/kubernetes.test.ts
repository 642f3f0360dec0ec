import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { KubernetesConfig } from "../../../src/app/index.js";
import { type EndpointSlice, replicasOf } from "../../../src/cli/discovery/endpoint-slices.js";
import { kubernetesDiscovery } from "../../../src/cli/discovery/kubernetes.js";
import { folder } from "../files.js";
import { apiServer, CA_FILE } from "./api-server.js";
import { watched } from "./support.js";

/** In the shape of an API server's answers (discovery.k8s.io/v1): a service with two pods, one of them not ready yet. */
const recorded: { list: SliceList; notReady: EndpointSlice; ready: EndpointSlice } = JSON.parse(
  readFileSync(fileURLToPath(new URL("endpoint-slices.json", import.meta.url)), "utf8"),
);

interface SliceList {
  metadata: { resourceVersion: string; continue?: string };
  items: EndpointSlice[];
}

const ONE = "vllm-7d4b9c6f5-4xk2p http://10.244.1.17:8000";
const TWO = "vllm-7d4b9c6f5-q9zrl http://10.244.2.9:8000";

function start(server: string, more: Partial<KubernetesConfig> = {}) {
  const tokenFile = join(folder({ token: "first\n" }), "token");
  const config = { service: "vllm", namespace: "inference", server, tokenFile, caFile: CA_FILE, ...more };
  return { ...watched(kubernetesDiscovery(config)), tokenFile };
}

/** A slice at another version. */
function at(slice: EndpointSlice, resourceVersion: string): EndpointSlice {
  return { ...slice, metadata: { ...slice.metadata, resourceVersion } };
}

describe("endpoints of a service", () => {
  test("are listed, then watched from the list's version on; the ready ones are replicas, with node and zone", async () => {
    const api = await apiServer({ body: recorded.list });
    const { becomes, last } = start(api.url);
    await becomes(ONE);
    expect(last()).toEqual([
      { id: "vllm-7d4b9c6f5-4xk2p", url: "http://10.244.1.17:8000", node: "gpu-a-1", zone: "eu-west-1a" },
    ]);
    const watch = await api.watch(1);
    expect(watch.request).toEqual({
      path: "/apis/discovery.k8s.io/v1/namespaces/inference/endpointslices",
      query: {
        labelSelector: "kubernetes.io/service-name=vllm",
        watch: "1",
        resourceVersion: recorded.list.metadata.resourceVersion,
        allowWatchBookmarks: "true",
        timeoutSeconds: "300",
      },
      authorization: "Bearer first",
    });
    watch.send("MODIFIED", recorded.ready);
    await becomes(ONE, TWO);
    watch.send("MODIFIED", recorded.notReady);
    await becomes(ONE);
    watch.send("DELETED", recorded.notReady);
    await becomes();
  });

  test("a watch that has ended is taken up where it ended, with the token of then; bookmarks count", async () => {
    const api = await apiServer({ body: recorded.list });
    const { becomes, tokenFile, problems } = start(api.url);
    const first = await api.watch(1);
    first.send("MODIFIED", at(recorded.ready, "2000"));
    await becomes(ONE, TWO);
    first.send("BOOKMARK", { kind: "EndpointSlice", metadata: { resourceVersion: "3000" } });
    writeFileSync(tokenFile, "second\n");
    first.end();
    const second = await api.watch(2);
    expect([second.request.query.resourceVersion, second.request.authorization]).toEqual(["3000", "Bearer second"]);
    second.send("DELETED", at(recorded.ready, "3001"));
    await becomes();
    expect(api.requests.filter(({ query }) => query.watch === undefined)).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  test("410 Gone (sglang#30270, production-stack#656): all is listed anew, and what was deleted meanwhile is gone", async () => {
    const empty = { ...recorded.list, items: [], metadata: { resourceVersion: "9000" } };
    const api = await apiServer({ body: recorded.list }, { body: empty });
    const { becomes } = start(api.url);
    const first = await api.watch(1);
    first.send("MODIFIED", recorded.ready);
    await becomes(ONE, TWO);
    first.send("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" });
    await becomes();
    expect((await api.watch(2)).request.query.resourceVersion).toBe("9000");
  });

  test("a connection that breaks changes nothing, and is made again", async () => {
    const api = await apiServer({ body: recorded.list });
    const { becomes, told, problem } = start(api.url);
    await becomes(ONE);
    (await api.watch(1)).destroy();
    await problem(/^service inference\/vllm: /);
    const second = await api.watch(2);
    expect(second.request.query.resourceVersion).toBe(recorded.list.metadata.resourceVersion);
    expect(told).toHaveLength(1);
    second.send("MODIFIED", recorded.ready);
    await becomes(ONE, TWO);
  });

  test("a long list comes in pages", async () => {
    const [item] = recorded.list.items;
    const named = (name: string, address: string) => ({
      ...item!,
      metadata: { ...item!.metadata, name },
      endpoints: [{ addresses: [address] }],
    });
    const api = await apiServer(
      { body: { metadata: { resourceVersion: "5", continue: "next" }, items: [named("a", "10.0.0.1")] } },
      { body: { metadata: { resourceVersion: "5" }, items: [named("b", "10.0.0.2")] } },
    );
    await start(api.url).becomes("10.0.0.1:8000 http://10.0.0.1:8000", "10.0.0.2:8000 http://10.0.0.2:8000");
    expect(api.requests[1]!.query.continue).toBe("next");
  });

  test("what the API refuses is told, and asked for again", async () => {
    const message =
      'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:inference:default" cannot list';
    const api = await apiServer({ status: 403, body: { kind: "Status", code: 403, message } }, { body: recorded.list });
    const { becomes, problems } = start(api.url);
    await becomes(ONE);
    expect(problems).toEqual([`service inference/vllm: ${new URL(api.url).host} answers 403: ${message}`]);
  });

  test("a certificate of another CA is refused", async () => {
    const api = await apiServer({ body: recorded.list });
    const caFile = fileURLToPath(new URL("../certificates/two.cert.pem", import.meta.url));
    await start(api.url, { caFile }).problem(/self-signed certificate|unable to verify/);
    expect(api.requests).toEqual([]);
  });

  test("nothing is told after the end", async () => {
    const api = await apiServer({ body: recorded.list });
    const { becomes, told, problems, stop } = start(api.url);
    await becomes(ONE);
    const watch = await api.watch(1);
    stop();
    watch.send("MODIFIED", recorded.ready);
    watch.end();
    expect([told.length, problems]).toEqual([1, []]);
  });
});

describe("slices as replicas", () => {
  const slice = (more: Partial<EndpointSlice>): EndpointSlice => ({
    metadata: { name: "s", resourceVersion: "1" },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"] }],
    ports: [{ name: "http", port: 80 }],
    ...more,
  });
  const urls = (slices: EndpointSlice[], more = {}) => replicasOf(slices, more).replicas.map(({ url }) => url);

  test("sglang#32322, production-stack#1091: what is not said to be ready is; what is said not to be is not", () => {
    const endpoints = [
      { addresses: ["10.0.0.1"], conditions: { ready: null } },
      { addresses: ["10.0.0.2"], conditions: { ready: false } },
      { addresses: ["10.0.0.3"], conditions: { ready: true } },
      { addresses: [] },
    ];
    expect(urls([slice({ endpoints })])).toEqual(["http://10.0.0.1:80", "http://10.0.0.3:80"]);
  });

  test("ports by name, by number, or the only one; else it is told", () => {
    const ports = [
      { name: "http", port: 8000 },
      { name: "metrics", port: 9000 },
    ];
    expect(urls([slice({ ports })], { port: "metrics" })).toEqual(["http://10.0.0.1:9000"]);
    expect(urls([slice({ ports })], { port: 7000 })).toEqual(["http://10.0.0.1:7000"]);
    expect(replicasOf([slice({ ports })], {})).toEqual({
      replicas: [],
      problem: "endpoint slice s: which port is meant is not said; there are http, metrics",
    });
    expect(replicasOf([slice({ ports })], { port: "grpc" }).problem).toBe(
      "endpoint slice s: there is no port grpc; there are http, metrics",
    );
  });

  test("IPv6, names, https; a pod of both families is one replica", () => {
    const targetRef = { kind: "Pod", name: "vllm-0" };
    const both = [
      slice({ endpoints: [{ addresses: ["10.0.0.1"], targetRef }] }),
      slice({ addressType: "IPv6", endpoints: [{ addresses: ["fd00::1"], targetRef }] }),
    ];
    expect(urls(both)).toEqual(["http://10.0.0.1:80"]);
    expect(urls([both[1]!], { scheme: "https" })).toEqual(["https://[fd00::1]:80"]);
    expect(urls([slice({ addressType: "FQDN", endpoints: [{ addresses: ["a.test"] }] })])).toEqual([
      "http://a.test:80",
    ]);
  });

  test("slices without endpoints or ports", () => {
    expect(replicasOf([slice({ endpoints: null, ports: null })], {})).toEqual({ replicas: [], problem: null });
  });
});
