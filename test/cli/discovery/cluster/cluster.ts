import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { textOf } from "../../../../src/cli/discovery/kubernetes-api.js";
import { freePort } from "../../../../src/cli/processes/free-port.js";

const ADMIN = "admin-of-this-cluster";
const READY_MS = 120_000;

/** A control plane of a cluster without nodes: etcd, kube-apiserver and the controllers that make endpoint slices of pods. */
export class Cluster {
  readonly url: string;
  readonly caFile: string;
  readonly #binaries: string;
  readonly #folder: string;
  readonly #etcd: number;
  readonly #peer: number;
  readonly #port: number;
  readonly #processes = new Map<string, ChildProcess>();

  private constructor(binaries: string, folder: string, [etcd, peer, port]: readonly [number, number, number]) {
    this.#binaries = binaries;
    this.#folder = folder;
    this.#etcd = etcd;
    this.#peer = peer;
    this.#port = port;
    this.url = `https://127.0.0.1:${port}`;
    this.caFile = join(folder, "certificates", "apiserver.crt");
  }

  /**
   * @param binaries folder with `etcd`, `kube-apiserver` and `kube-controller-manager`.
   * @param folder for data, keys and logs; it has to be empty.
   */
  static async start(binaries: string, folder: string): Promise<Cluster> {
    const cluster = new Cluster(binaries, folder, [await freePort(), await freePort(), await freePort()]);
    mkdirSync(folder, { recursive: true });
    const { privateKey, publicKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    writeFileSync(join(folder, "accounts.key"), privateKey, { mode: 0o600 });
    writeFileSync(join(folder, "accounts.pub"), publicKey);
    writeFileSync(join(folder, "tokens.csv"), `${ADMIN},admin,admin,system:masters\n`, { mode: 0o600 });
    try {
      cluster.#startEtcd();
      await cluster.startApiServer();
      cluster.#startControllers();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  #startEtcd(): void {
    const client = `http://127.0.0.1:${this.#etcd}`;
    const peer = `http://127.0.0.1:${this.#peer}`;
    this.#run("etcd", {
      "data-dir": join(this.#folder, "etcd"),
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": `default=${peer}`,
    });
  }

  async startApiServer(): Promise<void> {
    this.#run("kube-apiserver", {
      "etcd-servers": `http://127.0.0.1:${this.#etcd}`,
      "bind-address": "127.0.0.1",
      "advertise-address": "127.0.0.1",
      "secure-port": String(this.#port),
      "cert-dir": join(this.#folder, "certificates"),
      "service-cluster-ip-range": "10.96.0.0/16,fd00:10:96::/112",
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": join(this.#folder, "accounts.pub"),
      "service-account-signing-key-file": join(this.#folder, "accounts.key"),
      "token-auth-file": join(this.#folder, "tokens.csv"),
      "authorization-mode": "RBAC",
      "endpoint-reconciler-type": "none",
    });
    const until = performance.now() + READY_MS;
    while (!(await this.#isReady())) {
      if (performance.now() > until) throw new Error("kube-apiserver is not ready: see its log");
      await delay(200);
    }
  }

  #startControllers(): void {
    const kubeconfig = join(this.#folder, "kubeconfig.json");
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "c", cluster: { server: this.url, "certificate-authority": this.caFile } }],
        users: [{ name: "u", user: { token: ADMIN } }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      }),
      { mode: 0o600 },
    );
    this.#run("kube-controller-manager", {
      kubeconfig,
      controllers: "endpointslice-controller,garbage-collector-controller",
      "leader-elect": "false",
      "secure-port": "0",
    });
  }

  #run(name: string, flags: Readonly<Record<string, string>>): void {
    const log = openSync(join(this.#folder, `${name}.log`), "a");
    const given = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    this.#processes.set(name, spawn(join(this.#binaries, name), given, { stdio: ["ignore", log, log] }));
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await this.get("/readyz")).statusCode === 200;
    } catch {
      return false;
    }
  }

  /** Ends it as a rolling update does. */
  async stopApiServer(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.#end("kube-apiserver", signal);
  }

  async stop(): Promise<void> {
    for (const name of ["kube-controller-manager", "kube-apiserver", "etcd"]) await this.#end(name, "SIGTERM");
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#processes.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }

  /** The answer to a request, its body not read yet. */
  async get(path: string, token: string | null = ADMIN): Promise<IncomingMessage> {
    return this.#send("GET", path, token);
  }

  /** What the administrator does. */
  async change(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await this.#send(method, path, ADMIN, body);
    const text = await textOf(response);
    if (response.statusCode! >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    return JSON.parse(text);
  }

  async #send(method: string, path: string, token: string | null, body?: object): Promise<IncomingMessage> {
    const type = method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
    const text = body === undefined ? "" : JSON.stringify(body);
    const request = requestHttps(this.url + path, {
      method,
      agent: false,
      ca: readFileSync(this.caFile),
      headers: {
        accept: "application/json",
        "content-type": type,
        // A DELETE's body would be left out without.
        "content-length": Buffer.byteLength(text),
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
    });
    const answer = once(request, "response");
    request.end(text);
    return (await answer)[0] as IncomingMessage;
  }

  /** That etcd is at. */
  async version(): Promise<string> {
    const { metadata } = JSON.parse(await textOf(await this.get("/api/v1/namespaces"))) as {
      metadata: { resourceVersion: string };
    };
    return metadata.resourceVersion;
  }

  /** Forgets all that was before a version, as the API server has etcd do every five minutes. */
  async compact(version: string): Promise<void> {
    await this.#etcdRequest("POST", "/v3/kv/compaction", { revision: version, physical: true });
  }

  /** What the API server and etcd say of themselves. */
  async versions(): Promise<{ "kube-apiserver": object; etcd: object }> {
    const apiServer = JSON.parse(await textOf(await this.get("/version")));
    return { "kube-apiserver": apiServer, etcd: JSON.parse(await this.#etcdRequest("GET", "/version")) };
  }

  async #etcdRequest(method: string, path: string, body?: object): Promise<string> {
    const request = requestHttp(`http://127.0.0.1:${this.#etcd}${path}`, { method });
    const answer = once(request, "response");
    request.end(body && JSON.stringify(body));
    const [response] = (await answer) as [IncomingMessage];
    const text = await textOf(response);
    if (response.statusCode !== 200) throw new Error(`etcd: ${path}: ${response.statusCode} ${text}`);
    return text;
  }
}
