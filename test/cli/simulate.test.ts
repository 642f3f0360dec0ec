import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { PROFILES } from "../../src/simulator/index.js";
import { type Run, warmroute } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "warmroute-simulate-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** The addresses, once all listen. */
async function addresses(run: Run): Promise<string[]> {
  return (await run.line(/warmroute serve/)).match(/http:\S+/g)!;
}

const simulate = (...args: string[]) => warmroute("simulate", "--port", "0", "--sim-speed", "1000", ...args);
const complete = async (url: string, more: object = {}) => {
  const body = JSON.stringify({ prompt: "Why is the sky blue?", max_tokens: 5, ...more });
  return (await fetch(`${url}/v1/completions`, { method: "POST", body })).json();
};

describe.each(["one", "each"])("warmroute simulate --processes %s", (processes) => {
  test("serves so many replicas, of that profile, until SIGINT, and frees their ports", async () => {
    const run = simulate("--replicas", "2", "--processes", processes, "--profile", "h100-llama-3.1-8b");
    const urls = await addresses(run);
    expect(urls).toHaveLength(2);
    for (const url of urls) {
      expect(await complete(url)).toMatchObject({
        model: "meta-llama/Llama-3.1-8B-Instruct",
        usage: { completion_tokens: 5 },
      });
    }
    run.child.kill("SIGINT");
    expect([await run.exit, run.errors()]).toEqual([0, ""]);
    for (const url of urls) await expect(fetch(`${url}/health`)).rejects.toThrow(TypeError);
  });

  test("tells of a port in use, and starts none", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const run = warmroute("simulate", "--port", String(port - 1), "--replicas", "2", "--processes", processes);
    expect([await run.exit, run.lines]).toEqual([2, []]);
    // The one before it may be somebody's too.
    expect(run.errors()).toMatch(/^warmroute: port \d+ on 127\.0\.0\.1 is in use; choose another with --port\n$/);
  });

  test("cuts a stream that is open when it stops", async () => {
    // At the speed of a GPU it is open for minutes.
    const run = simulate("--processes", processes, "--sim-speed", "1");
    const [url] = await addresses(run);
    const body = JSON.stringify({ prompt: "a", max_tokens: 30_000, ignore_eos: true, stream: true });
    const response = await fetch(`${url}/v1/completions`, { method: "POST", body });
    run.child.kill("SIGTERM");
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(await run.exit).toBe(0);
  });
});

test("with a process each, the end of one is the end of all", async () => {
  const run = simulate("--replicas", "2", "--processes", "each");
  const urls = await addresses(run);
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(run.child.pid)], { encoding: "utf8" });
  const pids = children.trim().split(/\s+/).map(Number);
  expect(pids).toHaveLength(2);
  process.kill(pids[0]!, "SIGKILL");
  expect(await run.exit).toBe(2);
  expect(run.errors()).toBe(`warmroute: the replica of process ${pids[0]} has ended with SIGKILL\n`);
  for (const url of urls) await expect(fetch(`${url}/health`)).rejects.toThrow(TypeError);
});

test("takes a profile, faults, adapters and switches", async () => {
  const profile = file("profile.json", { ...PROFILES["cpu-tiny"], name: "mine", blocks: 77 });
  const faults = file("faults.json", [{ kind: "refuse", paths: ["/health"] }]);
  const args = ["--profile", profile, "--model", "my/model", "--loras", "french,poems", "--faults", faults];
  const run = simulate(...args, "--no-prefix-caching", "--kv-events");
  const [url] = await addresses(run);
  expect(await complete(url!, { model: "poems" })).toMatchObject({ model: "poems" });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('model_name="my/model",engine="0",block_size="16",num_gpu_blocks="77"');
  expect(metrics).toContain('enable_prefix_caching="False"');
  expect((await fetch(`${url}/kv_events?from=0&live=false`)).status).toBe(200);
  await expect(fetch(`${url}/health`)).rejects.toThrow(TypeError);
  await fetch(`${url}/admin/faults`, { method: "DELETE" });
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

describe("a wrong command line is told in one line, with exit code 2:", () => {
  const { decodeMs, ...missing } = PROFILES["cpu-tiny"];
  test.each<[string[], RegExp]>([
    [["--profile", "abacus"], /profile must be one of l4-qwen2\.5-1\.5b, .*, or a \.json file, not "abacus"/],
    [["--profile", join(folder, "none.json")], /none\.json cannot be read: ENOENT/],
    [["--profile", file("broken.json", "{")], /broken\.json is not JSON/],
    [["--profile", file("list.json", [])], /profile must be a name or an object, not \[\]/],
    [["--profile", file("missing.json", missing)], /profile\.decodeMs is missing: it must be 0 ms or more/],
    [["--profile", file("below.json", { ...missing, decodeMs: -decodeMs })], /profile\.decodeMs .* 0 ms or more .* -1/],
    [["--faults", file("fire.json", [{ kind: "fire" }])], /faults\[0\]\.kind must be one of refuse, .* not "fire"/],
    [["--faults", file("one.json", { kind: "hang" })], /faults must be an array/],
    [["--loras", "a,,b"], /'a,,b' .* names, with commas between them/],
    [["--loras", "a,a"], /loras must be different names/],
    [["--processes", "two"], /'two' .* one, each/],
    [["--replicas", "2", "--port", "65535"], /2 replicas from port 65535 on would need ports above 65535/],
    [
      ["--kv-events-endpoint", "tcp://127.0.0.1:1"],
      /KV events over ZeroMQ take the package zeromq: npm install zeromq/,
    ],
    [["--host", "256.0.0.1"], /256\.0\.0\.1 is not an address of this machine; choose another with --host/],
  ])("%j", async (args, message) => {
    const run = warmroute("simulate", ...args);
    expect(await run.exit).toBe(2);
    expect(run.errors()).toMatch(/^warmroute: [^\n]+\n$/);
    expect(run.errors()).toMatch(message);
    expect(run.lines).toEqual([]);
  });
});
