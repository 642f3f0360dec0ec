import { once } from "node:events";
import { readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { folder } from "../files.js";
import { address, type Run, run } from "../support.js";

const MAIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** `warmroute serve` with a file of that text, on a free port, killed when the test ends. */
function serve(
  text: string,
  { args = [], env = {}, files = {} }: Options = {},
): Run & { folder: string; file: string } {
  const path = folder({ "config.yaml": text, ...files });
  return { ...serveFile(join(path, "config.yaml"), { args, env }), folder: path, file: join(path, "config.yaml") };
}

interface Options {
  args?: string[];
  env?: Record<string, string>;
  files?: Record<string, string>;
}

function serveFile(file: string, { args = [], env = {} }: Options = {}): Run {
  const started = run(process.execPath, [MAIN, "serve", file, ...args], { env: { WARMROUTE_PORT: "0", ...env } });
  onTestFinished(() => void started.child.kill("SIGKILL"));
  return started;
}

/** At once: whoever reads a file that is written in place may find it empty. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const simulated = "simulated: { speed: 1000 }";
const two = `models: [{ replicas: [{ id: a, ${simulated} }, { id: b, ${simulated} }] }]\n`;
const three = `models: [{ replicas: [{ id: b, ${simulated} }, { id: c, ${simulated} }, { id: d, ${simulated} }] }]\n`;

function complete(url: string, more: object = {}): Promise<Response> {
  const body = { model: "Qwen/Qwen2.5-1.5B-Instruct", prompt: "Why is the sky blue?", max_tokens: 5, ...more };
  return fetch(`${url}/v1/completions`, { method: "POST", body: JSON.stringify(body) });
}

describe("serve with a file", () => {
  test("starts what it says", async () => {
    const started = serve(
      `models:\n  - policy: round_robin\n    replicas: [{ count: 2, ${simulated} }]\nreplicaHeader: true\n`,
    );
    const url = await address(started);
    await started.line(/curl/);
    expect(started.lines.slice(1, 4)).toEqual([
      "policy round_robin, replicas:",
      expect.stringMatching(/^ {2}replica-1 {2}http:/),
      expect.stringMatching(/^ {2}replica-2 {2}http:/),
    ]);
    const names = [await complete(url), await complete(url)].map(({ headers }) => headers.get("x-warmroute-replica"));
    expect(names.sort()).toEqual(["replica-1", "replica-2"]);
  });

  test("refuses one that is wrong, a line for each mistake, with exit code 2", async () => {
    const started = serve("models: []\nlog: { format: xml }\n");
    expect(await started.exit).toBe(2);
    expect(started.errors().replaceAll(started.file, "config.yaml").split("\n")).toEqual([
      "warmroute: config.yaml:1:9: models must not be an empty list",
      'warmroute: config.yaml:2:16: log.format must be "text" or "json", not "xml"',
      "",
    ]);
  });

  test("flags win over the environment, and the environment over the file", async () => {
    const started = serve(`${two}listen: { port: 1, host: 256.0.0.1 }\nlog: { format: json }\n`, {
      args: ["--policy", "pow_of_2"],
      env: { WARMROUTE_HOST: "127.0.0.1", WARMROUTE_POLICY: "random", WARMROUTE_JSON_LOG: "false" },
    });
    expect(await address(started)).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,}$/);
    await started.line(/^policy pow_of_2/);
  });

  test("the file itself may come from the environment", async () => {
    const path = folder({ "config.yaml": two });
    const env = { WARMROUTE_CONFIG: join(path, "config.yaml"), WARMROUTE_PORT: "0" };
    const started = run(process.execPath, [MAIN, "serve"], { env });
    onTestFinished(() => void started.child.kill("SIGKILL"));
    await address(started);
  });

  test("another policy by a flag leaves the options of the one before behind", async () => {
    const text = `models: [{ policyOptions: { matchRateThreshold: 0.5 }, replicas: [{ ${simulated} }] }]\n`;
    const started = serve(text, { args: ["--policy", "kv_cost", "--quiet"] });
    await started.line(/^policy kv_cost/);
  });

  test("a policy of one's own, by its path from the file", async () => {
    const module = `export default (environment, { name }) => ({ name, tree: null, choose: ({ candidates }) => ({ replica: candidates[0], reason: "random", matchedChars: 0 }) });`;
    const started = serve(
      `models: [{ policy: ./mine.mjs, policyOptions: { name: first }, replicas: [{ ${simulated} }] }]\n`,
      {
        files: { "mine.mjs": module },
      },
    );
    await started.line(/^policy first/);
    writeFileSync(join(started.folder, "mine.mjs"), module.replace("name,", "name: name + ' anew',"));
    expect(await started.line(/^configuration reloaded/)).toBe(
      "configuration reloaded: policy made anew, without what was sent before (first keeps no prefix tree)",
    );
  });
});

describe("a reload", () => {
  test("on SIGHUP: replicas come, and those that are gone end what they have", async () => {
    const started = serve(two.replace("speed: 1000", "speed: 10"), { args: ["--policy", "round_robin"] });
    const url = await address(started);
    const streams = await Promise.all([0, 1].map(() => complete(url, { stream: true, max_tokens: 100 })));
    replace(started.file, three);
    started.child.kill("SIGHUP");
    expect(await started.line(/^configuration reloaded/)).toBe(
      "configuration reloaded: replicas added: c, d; replicas removed: a",
    );
    for (const response of streams) expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/);
    await started.line(/^a is removed$/);
    expect((await complete(url)).status).toBe(200);
    expect(started.errors()).toBe("");
  });

  test("when the file changes, in place or by a rename", async () => {
    const started = serve(two);
    await address(started);
    writeFileSync(started.file, three);
    await started.line(/^configuration reloaded: replicas added: c, d; replicas removed: a/);
    writeFileSync(join(started.folder, "new"), two);
    renameSync(join(started.folder, "new"), started.file);
    await started.line(/^configuration reloaded: replicas added: a; replicas removed: c, d/);
  });

  test("when Kubernetes changes a ConfigMap", async () => {
    const path = folder({ "..1/config.yaml": two, "..2/config.yaml": three });
    symlinkSync("..1", join(path, "..data"));
    symlinkSync("..data/config.yaml", join(path, "config.yaml"));
    const started = serveFile(join(path, "config.yaml"));
    await address(started);
    symlinkSync("..2", join(path, "..data_tmp"));
    renameSync(join(path, "..data_tmp"), join(path, "..data"));
    await started.line(/^configuration reloaded: replicas added: c, d; replicas removed: a/);
  });

  test("a file that is wrong changes nothing, and says so; the next one counts", async () => {
    const started = serve(two);
    const url = await address(started);
    writeFileSync(started.file, "models: [}\n");
    await started.error(/stays as it was/);
    await started.error(/config\.yaml:1:\d+: /);
    expect((await complete(url)).status).toBe(200);
    writeFileSync(started.file, three);
    await started.line(/^configuration reloaded: replicas added: c, d; replicas removed: a/);
  });

  test("what cannot change while it runs is said", async () => {
    const started = serve(`${two}listen: { host: 127.0.0.1 }\n`);
    const url = await address(started);
    replace(started.file, `${two}listen: { host: "::1" }\n`);
    await started.line(/^configuration reloaded: models and replicas are the same/);
    expect(started.errors()).toBe("warmroute: listen.host cannot change while it runs; it takes a new start\n");
    expect((await complete(url)).status).toBe(200);
  });

  test("to another policy keeps what is warm, and says so", async () => {
    const started = serve(`${two}replicaHeader: true\n`);
    const url = await address(started);
    const told = async () => {
      const { headers } = await complete(url, { prompt: "Why is the sky blue? ".repeat(20) });
      return ["replica", "match"].map((name) => headers.get(`x-warmroute-${name}`));
    };
    const [home] = await told();
    writeFileSync(started.file, `${two.replace("{ replicas", "{ policy: kv_cost, replicas")}replicaHeader: true\n`);
    started.child.kill("SIGHUP");
    expect(await started.line(/^configuration reloaded/)).toBe(
      "configuration reloaded: policy made anew, with the 420 characters sent before",
    );
    expect(await told()).toEqual([home, "1.000"]);
  });

  test("takes another log at once", async () => {
    const started = serve(two);
    const url = await address(started);
    writeFileSync(started.file, `${two}log: { format: json }\n`);
    await started.line(/^{"event":"reloaded"/);
    await complete(url);
    expect(JSON.parse(await started.line(/"event":"request"/))).toMatchObject({ outcome: "completed" });
  });
});

describe("a command as a replica", () => {
  const command = (more = "", id = "engine") =>
    `models: [{ replicas: [{ id: ${id}, command: [${process.execPath}, ${MAIN}, simulate, --port, "{port}", --sim-speed, "1000"]${more} }] }]\n`;

  test("is started, waited for, used, and stopped", async () => {
    const started = serve(command());
    const url = await address(started);
    await started.line(/^ {2}none yet$/);
    await started.line(/^\[engine\] simulated Qwen/);
    const engine = /http:\S+/.exec(await started.line(/^engine is up at /))![0];
    expect((await complete(url)).status).toBe(200);
    started.child.kill("SIGTERM");
    expect(await started.exit).toBe(0);
    await expect(fetch(engine)).rejects.toThrow();
    expect(started.errors()).toBe("");
  });

  test("that dies is out at once, and started again", async () => {
    const started = serve(command());
    const url = await address(started);
    await started.line(/^engine is up/);
    const pid = await childOf(started.child.pid!, "simulate");
    process.kill(pid, "SIGKILL");
    expect(await started.line(/^engine is down/)).toBe(
      "engine is down: it was ended by SIGKILL; it is started again in 1 s",
    );
    await started.count(/^engine is up/, 2);
    expect((await complete(url)).status).toBe(200);
  });

  test("with another command after a reload: the one before ends what it has, and is stopped", async () => {
    const started = serve(command());
    await address(started);
    await started.line(/^engine is up/);
    writeFileSync(started.file, command(", env: { A: b }"));
    expect(await started.line(/^configuration reloaded/)).toBe("configuration reloaded: replicas started anew: engine");
    await started.line(/^engine is removed$/);
    await started.count(/^engine is up/, 2);
  });

  test("a program that there is not is told, with exit code 2", async () => {
    const started = serve("models: [{ replicas: [{ command: [no-such-program] }] }]\n");
    expect(await started.exit).toBe(2);
    expect(started.errors()).toMatch(
      /^warmroute: replica replica-1 cannot be started: spawn no-such-program ENOENT\n$/,
    );
  });

  test("nothing is left of it when warmroute is killed by SIGKILL, nor of what it has started itself", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      console.log("pids", process.pid, child.pid);
      require("node:http").createServer((_, response) => response.end()).listen(+process.argv[1]);`;
    const started = serve(
      `
models:
  - replicas:
      - id: engine
        command: [${process.execPath}, engine.cjs, "{port}"]
`,
      { files: { "engine.cjs": script.replace("argv[1]", "argv[2]") } },
    );
    const [, parent, child] = /pids (\d+) (\d+)/.exec(await started.line(/^\[engine\] pids/))!;
    await started.line(/^engine is up/);
    started.child.kill("SIGKILL");
    await started.exit;
    await gone(Number(parent));
    await gone(Number(child));
  });
});

test("TLS, and a certificate that changes while it runs", async () => {
  const certificates = fileURLToPath(new URL("../certificates", import.meta.url));
  const text = (name: string) => readFileSync(join(certificates, name), "utf8");
  const started = serve(`${two}tls: { cert: cert.pem, key: key.pem }\n`, {
    files: { "cert.pem": text("one.cert.pem"), "key.pem": text("one.key.pem") },
  });
  const url = /https:\S+/.exec(await started.line(/^warmroute listens on https:/))![0];
  expect(await subject(url)).toBe("one");
  for (const part of ["cert", "key"]) writeFileSync(join(started.folder, `${part}.pem`), text(`two.${part}.pem`));
  await started.line(/^configuration reloaded/);
  expect(await subject(url)).toBe("two");
});

test("replicas by TLS that ask for a certificate of the gateway's (mTLS)", async () => {
  const certificates = fileURLToPath(new URL("../certificates", import.meta.url));
  const file = (name: string) => join(certificates, name);
  const options = {
    cert: readFileSync(file("one.cert.pem")),
    key: readFileSync(file("one.key.pem")),
    ca: readFileSync(file("two.cert.pem")),
    requestCert: true,
  };
  const server = createTlsServer(options, (_, response) => void response.end("{}")).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const models = `models: [{ replicas: [{ url: "https://127.0.0.1:${port}" }] }]\n`;
  const started = serve(`${models}upstream: { ca: ${file("one.cert.pem")} }\n`);
  const url = await address(started);
  expect((await complete(url)).status).toBe(502);
  const own = `cert: ${file("two.cert.pem")}, key: ${file("two.key.pem")}`;
  writeFileSync(started.file, `${models}upstream: { ca: ${file("one.cert.pem")}, ${own} }\nhealth: false\n`);
  await started.line(/^configuration reloaded/);
  expect((await complete(url)).status).toBe(200);
});

test("the reference's first check, unchanged but for the port, after `warmroute serve examples/config/reference.yaml`", async () => {
  const file = fileURLToPath(new URL("../../../examples/config/reference.yaml", import.meta.url));
  const url = await address(serveFile(file));
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"model":"Qwen/Qwen2.5-1.5B-Instruct","prompt":"Why is the sky blue?","max_tokens":50,"stream":false}',
  });
  expect(await response.json()).toMatchObject({
    object: "text_completion",
    model: "Qwen/Qwen2.5-1.5B-Instruct",
    usage: { completion_tokens: 50 },
  });
});

test("the example of a file with `replicas` found in a file that changes", async () => {
  const server = createServer((_, response) => response.setHeader("content-type", "application/json").end("{}"));
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const started = serve("models: [{ discovery: { file: { path: replicas.yaml } } }]\n", {
    files: { "replicas.yaml": "[]" },
  });
  const url = await address(started);
  writeFileSync(join(started.folder, "replicas.yaml"), `- http://127.0.0.1:${port}\n`);
  await started.line(new RegExp(`^127.0.0.1:${port} was found at http`));
  expect((await complete(url)).status).toBe(200);
  writeFileSync(join(started.folder, "replicas.yaml"), "[]\n");
  await started.line(new RegExp(`^127.0.0.1:${port} is removed$`));
});

/** The common name of the certificate that a server shows. */
function subject(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/health`, { rejectUnauthorized: false, agent: false }, (response) => {
      const certificate = (response.socket as import("node:tls").TLSSocket).getPeerCertificate();
      response.resume().on("end", () => resolve(certificate.subject.CN as string));
    });
    call.on("error", reject).end();
  });
}

/** The process that a process has started with that word in its command. */
async function childOf(parent: number, word: string): Promise<number> {
  const { execFileSync } = await import("node:child_process");
  const lines = execFileSync("ps", ["-e", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const found = lines
    .map((line) => line.trim().split(/\s+/))
    .find(([, of, ...args]) => Number(of) === parent && args.includes(word));
  return Number(found![0]);
}

/** Resolves when there is no such process. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
