import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { KubernetesConfig } from "../../../src/app/index.js";
import { type EndpointSlice, replicasOf } from "../../../src/cli/discovery/endpoint-slices.js";
import { kubernetesDiscovery } from "../../../src/cli/discovery/kubernetes.js";
import { folder } from "../files.js";
import { apiServer, CA_FILE } from "./api-server.js";
import { type Exchange, recording, type Status, step } from "./recording.js";
import { watched } from "./support.js";

const ZERO = "vllm-0 http://10.244.1.17:8000";
const ONE = "vllm-1 http://10.244.2.9:8000";
const TWO = "vllm-2 http://10.244.2.10:8001";
const LISTED = recording.list.body.metadata.resourceVersion;

function start(server: string, more: Partial<KubernetesConfig> = {}) {
  const tokenFile = join(folder({ token: "first\n" }), "token");
  const config = { service: "vllm", namespace: "inference", port: "http", server, tokenFile, caFile: CA_FILE, ...more };
  return { ...watched(kubernetesDiscovery(config)), tokenFile };
}

describe("endpoints of a service, as a kube-apiserver told them", () => {
  test("are listed, then watched from the list's version on, with the requests that were recorded", async () => {
    const api = await apiServer(recording.list);
    const { becomes, last } = start(api.url);
    await becomes(ZERO);
    expect(last()).toEqual([{ id: "vllm-0", url: "http://10.244.1.17:8000", node: "gpu-a-1", zone: "eu-west-1a" }]);
    const { path, query } = recording.watch.request;
    expect((await api.watch(1)).request).toEqual({
      path,
      query: { ...query, timeoutSeconds: "300" },
      authorization: "Bearer first",
    });
    expect(api.requests[0]).toEqual({ ...recording.list.request, authorization: "Bearer first" });
  });

  test("come, drain and go; a pod of both families has one address all the time", async () => {
    const api = await apiServer(recording.list);
    const { becomes, told, problems } = start(api.url);
    const watch = await api.watch(1);
    for (const [did, ...replicas] of [
      ["vllm-1 becomes ready", ZERO, ONE],
      ["vllm-2 comes, with another port", ZERO, ONE, TWO],
      ["vllm-0 is told to end", ONE, TWO],
      ["vllm-0 has ended", ONE, TWO],
      ["vllm-1 fails a probe", TWO],
      ["vllm-2 is removed"],
      ["the service is deleted"],
    ] as const) {
      watch.play(did);
      await becomes(...replicas);
    }
    expect(told).toEqual([[ZERO], [ZERO, ONE], [ZERO, ONE, TWO], [ONE, TWO], [TWO], []]);
    expect(problems).toEqual([]);
  });

  test("a watch whose time is over is taken up from its bookmark, with the token of then", async () => {
    const api = await apiServer(recording.list);
    const { becomes, tokenFile, problems } = start(api.url);
    const first = await api.watch(1);
    first.play("vllm-1 becomes ready");
    await becomes(ZERO, ONE);
    first.play("its time is over");
    writeFileSync(tokenFile, "second\n");
    first.end();
    const second = await api.watch(2);
    const bookmark = step("its time is over").events.at(-1)!;
    expect([bookmark.type, second.request.authorization]).toEqual(["BOOKMARK", "Bearer second"]);
    expect(second.request.query.resourceVersion).toBe(
      (bookmark as { object: EndpointSlice }).object.metadata.resourceVersion,
    );
    second.play("the service is deleted");
    await becomes();
    expect(api.requests.filter(({ query }) => query.watch === undefined)).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  test("410 Gone (sglang#30270, production-stack#656): all is listed anew, and what was deleted meanwhile is gone", async () => {
    const api = await apiServer(recording.list, recording.noPods);
    const { becomes, problems } = start(api.url);
    const first = await api.watch(1);
    first.play("vllm-1 becomes ready");
    await becomes(ZERO, ONE);
    first.play("the version is too old");
    first.end();
    await becomes();
    expect((await api.watch(2)).request.query.resourceVersion).toBe(recording.noPods.body.metadata.resourceVersion);
    expect(problems).toEqual([]);
  });

  test("a watch that ends without a word, as from a version before etcd was restored: all is listed anew", async () => {
    expect(step("the version has not been yet").events).toEqual([]);
    const api = await apiServer(recording.list, recording.noPods);
    const { becomes, problems } = start(api.url);
    await becomes(ZERO);
    const first = await api.watch(1);
    first.play("the version has not been yet");
    first.end();
    await becomes();
    expect(problems).toEqual([]);
  });

  test("a connection that breaks changes nothing, and is made again", async () => {
    const api = await apiServer(recording.list);
    const { becomes, told, problem } = start(api.url);
    await becomes(ZERO);
    (await api.watch(1)).destroy();
    await problem(/^service inference\/vllm: /);
    const second = await api.watch(2);
    expect(second.request.query.resourceVersion).toBe(LISTED);
    expect(told).toHaveLength(1);
    second.play("vllm-1 becomes ready");
    await becomes(ZERO, ONE);
  });

  test("a long list comes in pages", async () => {
    const api = await apiServer(...recording.pages);
    await start(api.url).becomes(ZERO, ONE, TWO);
    expect(api.requests.slice(1, recording.pages.length).map(({ query }) => query.continue)).toEqual(
      recording.pages.slice(0, -1).map(({ body }) => body.metadata.continue),
    );
  });

  test("a page that is too late: the list is begun anew", async () => {
    const api = await apiServer(recording.pages[0]!, recording.latePage, recording.list);
    const { becomes, problems } = start(api.url);
    await becomes(ZERO);
    expect(problems).toEqual([refusal(api.url, recording.latePage)]);
  });

  test.each(["forbidden", "unauthorized"] as const)("%s: it is told, and asked for again", async (what) => {
    const api = await apiServer(recording[what], recording.list);
    const { becomes, problems } = start(api.url);
    await becomes(ZERO);
    expect(problems).toEqual([refusal(api.url, recording[what])]);
  });

  test("a service without pods, and one that there is not, have no replicas", async () => {
    const api = await apiServer(recording.noPods);
    const without = start(api.url);
    await without.becomes();
    const none = start((await apiServer(recording.noService)).url);
    await none.becomes();
    expect([...without.problems, ...none.problems]).toEqual([]);
  });

  test("a certificate of another CA is refused", async () => {
    const api = await apiServer(recording.list);
    const caFile = fileURLToPath(new URL("../certificates/two.cert.pem", import.meta.url));
    await start(api.url, { caFile }).problem(/self-signed certificate|unable to verify/);
    expect(api.requests).toEqual([]);
  });

  test("nothing is told after the end", async () => {
    const api = await apiServer(recording.list);
    const { becomes, told, problems, stop } = start(api.url);
    await becomes(ZERO);
    const watch = await api.watch(1);
    stop();
    watch.play("vllm-1 becomes ready");
    watch.end();
    expect([told.length, problems]).toEqual([1, []]);
  });
});

function refusal(url: string, { status, body }: Exchange<Status>): string {
  return `service inference/vllm: ${new URL(url).host} answers ${status}: ${body.message}`;
}

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

  test("pods of both families count by IPv4, in whatever order the slices change", () => {
    const of = (addressType: "IPv4" | "IPv6", address: string, ready: boolean, name = "vllm-0") =>
      slice({
        addressType,
        endpoints: [{ addresses: [address], conditions: { ready }, targetRef: { kind: "Pod", name } }],
      });
    const four = (ready: boolean) => of("IPv4", "10.0.0.1", ready);
    const six = (ready: boolean) => of("IPv6", "fd00::1", ready);
    const another = of("IPv6", "fd00::2", true, "vllm-1");
    expect(urls([four(false), six(true)])).toEqual([]);
    expect(urls([six(true), four(false)])).toEqual([]);
    expect(urls([six(false), four(true)])).toEqual(["http://10.0.0.1:80"]);
    expect(urls([six(true), four(true), another])).toEqual(["http://10.0.0.1:80"]);
    expect(urls([six(true), slice({ endpoints: [] })])).toEqual(["http://[fd00::1]:80"]);
  });

  test("of a pod that is in two slices of a family, the ready endpoint counts", () => {
    const targetRef = { kind: "Pod", name: "vllm-0" };
    const former = slice({ endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: false }, targetRef }] });
    const present = slice({ endpoints: [{ addresses: ["10.0.0.2"], conditions: { ready: true }, targetRef }] });
    expect(urls([former, present])).toEqual(["http://10.0.0.2:80"]);
    expect(urls([present, former])).toEqual(["http://10.0.0.2:80"]);
  });

  test("slices without endpoints or ports", () => {
    expect(replicasOf([slice({ endpoints: null, ports: null })], {})).toEqual({ replicas: [], problem: null });
  });
});
