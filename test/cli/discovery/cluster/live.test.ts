/**
 * `serve` in front of a real control plane:
 *
 *     KUBERNETES_BINARIES=FOLDER unshare --map-root-user --net npx vitest run test/cli/discovery/cluster
 *
 * FOLDER has `etcd`, `kube-apiserver` and `kube-controller-manager`. The pods' addresses are this network namespace's.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { folder, Until } from "../../files.js";
import { type Run, warmroute } from "../../support.js";
import type { SliceList } from "../recording.js";
import { Cluster } from "./cluster.js";
import { ask, askUntil } from "./recorder.js";
import {
  createPod,
  createService,
  deleteService,
  type Pod,
  removePod,
  setReady,
  terminatePod,
  tokenOf,
} from "./service.js";

const binaries = process.env.KUBERNETES_BINARIES;
const TOKEN = "admin";

const PODS: readonly Pod[] = [
  { name: "vllm-0", node: "gpu-a-1", addresses: ["10.244.1.17", "fd00:10:244:1::11"], port: 8000 },
  { name: "vllm-1", node: "gpu-b-1", addresses: ["10.244.2.9", "fd00:10:244:2::9"], port: 8000 },
  { name: "vllm-2", node: "gpu-b-1", addresses: ["10.244.2.10", "fd00:10:244:2::a"], port: 8001 },
];

test.skipIf(binaries === undefined)(
  "a service's pods come, drain and go; over a stop of the API server, a cut connection and a compaction",
  { timeout: 600_000 },
  async () => {
    execFileSync("ip", ["link", "set", "lo", "up"]);
    const cluster = await Cluster.start(binaries!, join(folder(), "cluster"));
    onTestFinished(() => cluster.stop());
    await createService(cluster);
    const line = await cuttable(cluster);
    const serve = await serveFrom(cluster, line.url);
    const [a, b, c] = await Promise.all(PODS.map((pod) => replica(pod)));
    await serve.becomes();

    await createPod(cluster, a!.pod);
    await createPod(cluster, b!.pod);
    await setReady(cluster, "vllm-0", true);
    await serve.becomes("vllm-0");
    await setReady(cluster, "vllm-1", true);
    await serve.becomes("vllm-0", "vllm-1");
    expect(new Set([await serve.ask(), await serve.ask()])).toEqual(new Set(["vllm-0", "vllm-1"]));

    // Told to end while it answers: no new requests, and the answer comes.
    await setReady(cluster, "vllm-1", false);
    await serve.becomes("vllm-0");
    const held = serve.ask("hold");
    await a!.holds();
    await setReady(cluster, "vllm-1", true);
    await serve.becomes("vllm-0", "vllm-1");
    await terminatePod(cluster, "vllm-0");
    await serve.becomes("vllm-1");
    expect([await serve.ask(), await serve.ask(), await serve.ask()]).toEqual(["vllm-1", "vllm-1", "vllm-1"]);
    a!.release();
    expect(await held).toBe("vllm-0");
    await removePod(cluster, "vllm-0");

    // Without the API server all stays as it is; with it again, changes come.
    await cluster.stopApiServer();
    await serve.run.error(/ECONNREFUSED|socket hang up|ECONNRESET|aborted/);
    expect(await serve.ask()).toBe("vllm-1");
    await cluster.startApiServer();
    await createPod(cluster, c!.pod);
    await setReady(cluster, "vllm-2", true);
    await serve.becomes("vllm-1", "vllm-2");
    expect(new Set([await serve.ask(), await serve.ask()])).toEqual(new Set(["vllm-1", "vllm-2"]));

    // What is deleted meanwhile is gone, though the version that it was seen at is, too.
    line.cut();
    await removePod(cluster, "vllm-1");
    const slices = async () => ask<SliceList>(cluster, {}, await tokenOf(cluster, "warmroute"));
    await askUntil(slices, (body) => !JSON.stringify(body).includes("vllm-1"));
    await cluster.compact(await cluster.version());
    await cluster.stopApiServer("SIGKILL");
    await cluster.startApiServer();
    line.mend();
    await serve.becomes("vllm-2");

    await cluster.stopApiServer("SIGKILL");
    await cluster.startApiServer();
    await deleteService(cluster);
    await serve.becomes();
  },
);

interface Serve {
  readonly run: Run;
  /** Resolves when these are the replicas. */
  becomes(...ids: string[]): Promise<void>;
  /** Who answers. */
  ask(prompt?: string): Promise<string>;
}

/** `warmroute serve` with the account's token, at the API server by way of `server`. */
async function serveFrom(cluster: Cluster, server: string): Promise<Serve> {
  const discovery = { service: "vllm", namespace: "inference", server, port: "http", tokenFile: "token" };
  const config = {
    listen: { host: "127.0.0.1", port: 0 },
    admin: { token: TOKEN },
    log: { format: "json" },
    models: [{ name: "m", policy: "round_robin", discovery: { kubernetes: { ...discovery, caFile: cluster.caFile } } }],
  };
  const files = folder({ "config.json": JSON.stringify(config), token: await tokenOf(cluster, "warmroute") });
  const run = warmroute("serve", join(files, "config.json"));
  const { url } = JSON.parse(await run.line(/"listening"/)) as { url: string };
  const ids = () => {
    const there = new Set<string>();
    for (const line of run.lines) {
      const { event, replica } = JSON.parse(line) as { event?: string; replica: string };
      if (event === "replica_added") there.add(replica);
      if (event === "replica_removed") there.delete(replica);
    }
    return [...there].sort().join();
  };
  const changes = new Until();
  run.child.stdout!.on("data", () => setImmediate(changes.notice));
  return {
    run,
    becomes: (...wanted) => changes.holds(() => ids() === wanted.join()),
    async ask(prompt = "who?") {
      const response = await fetch(`${url}/v1/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "m", prompt, max_tokens: 1 }),
      });
      const text = await response.text();
      expect(response.status, text).toBe(200);
      return (JSON.parse(text) as { choices: { text: string }[] }).choices[0]!.text;
    },
  };
}

/** A server at a pod's address that answers with the pod's name; to the prompt `hold` when it is released. */
async function replica(pod: Pod) {
  const until = new Until();
  let holding = false;
  let released = false;
  for (const [i, ip] of pod.addresses.entries()) {
    execFileSync("ip", ["addr", "add", `${ip}/${i === 0 ? 32 : 128}`, "dev", "lo"]);
  }
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    if (body.includes("hold")) {
      holding = true;
      until.notice();
      await until.holds(() => released);
    }
    const answer = {
      id: "1",
      object: "text_completion",
      choices: [{ index: 0, text: pod.name, finish_reason: "stop" }],
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }).listen(pod.port, pod.addresses[0]);
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    pod,
    holds: () => until.holds(() => holding),
    release() {
      released = true;
      until.notice();
    },
  };
}

/** A line to the API server that can be cut for a while. */
async function cuttable(cluster: Cluster) {
  let whole = true;
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    if (!whole) return void socket.destroy();
    const { hostname, port } = new URL(cluster.url);
    const other = connect(Number(port), hostname);
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ] as const) {
      sockets.add(one);
      one
        .on("error", () => two.destroy())
        .on("close", () => {
          sockets.delete(one);
          two.destroy();
        });
      one.pipe(two);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend() {
      whole = true;
    },
  };
}
