import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { address, type Run, warmroute } from "./support.js";

describe("serve --embedded", () => {
  test("says where it listens, its policy, its replicas and a line to try, which works", async () => {
    const run = warmroute("serve", "--embedded", "2", "--port", "0", "--sim-speed", "1000");
    const curl = (await run.line(/curl/)).trim();
    const url = await address(run);
    expect(run.lines.slice(0, 4)).toEqual([
      expect.stringMatching(/^warmroute listens on http:\/\/127\.0\.0\.1:\d+$/),
      "policy prefix_aware, replicas:",
      expect.stringMatching(/^ {2}replica-1 {2}http:\/\/127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^ {2}replica-2 {2}http:\/\/127\.0\.0\.1:\d+$/),
    ]);
    expect(curl).toBe(
      `curl -X POST http://localhost:${new URL(url).port}/v1/completions -H "Content-Type: application/json" -d '{"model":"Qwen/Qwen2.5-1.5B-Instruct","prompt":"Why is the sky blue?","max_tokens":50,"stream":false}'`,
    );
    const { stdout } = await promisify(execFile)("sh", ["-c", `${curl} --silent`]);
    expect(JSON.parse(stdout)).toMatchObject({
      object: "text_completion",
      model: "Qwen/Qwen2.5-1.5B-Instruct",
      usage: { completion_tokens: 50 },
    });
  });

  test("prints one line a request", async () => {
    const run = warmroute("serve", "--embedded", "1", "--port", "0", "--sim-speed", "1000");
    const url = await address(run);
    await (await complete(url)).text();
    expect(await run.line(/^[\d:.]+ POST /)).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} POST \/v1\/completions 200 replica-1 \w+ match 0\.00 ttft \d+ ms total \d+ ms$/,
    );
    await fetch(`${url}/nowhere`);
    expect(await run.line(/ \/nowhere /)).toMatch(/^\S+ GET \/nowhere 404 total \d+ ms bad_request$/);
  });

  test("prints JSON with --json-log", async () => {
    const run = warmroute("serve", "--embedded", "1", "--port", "0", "--sim-speed", "1000", "--json-log");
    const { url } = JSON.parse(await run.line(/"event":"listening"/));
    await (await complete(url)).text();
    expect(JSON.parse(await run.line(/"event":"request"/))).toMatchObject({
      path: "/v1/completions",
      outcome: "completed",
      replica: "replica-1",
    });
    expect(() => run.lines.map((line) => JSON.parse(line))).not.toThrow();
  });
});

test("serve --replica sends requests to servers that run already", async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "application/json").end('{"from":"a real one"}');
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const real = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = warmroute(
    "serve",
    "--replica",
    `mine=${real}`,
    "--port",
    "0",
    "--replica-header",
    "--policy",
    "pow_of_2",
  );
  const response = await complete(await address(run));
  expect([response.headers.get("x-warmroute-replica"), await response.json()]).toEqual([
    "mine",
    { from: "a real one" },
  ]);
  expect(run.lines).toContain(`  mine  ${real}`);
});

test("simulate starts replicas and says how to put a gateway in front of them", async () => {
  const run = warmroute("simulate", "--replicas", "2", "--port", "0", "--sim-speed", "1000");
  const urls = (await run.line(/warmroute serve/)).match(/http:\S+/g)!;
  expect(urls).toHaveLength(2);
  for (const url of urls) expect((await complete(url)).status).toBe(200);
  run.child.kill("SIGINT");
  expect(await run.exit).toBe(0);
});

describe.each(["SIGINT", "SIGTERM"] as const)("%s", (signal) => {
  test("lets an open answer end and exits with 0", async () => {
    const run = warmroute("serve", "--embedded", "1", "--port", "0", "--sim-speed", "10");
    const rest = await openAnswer(run);
    run.child.kill(signal);
    await run.line(new RegExp(`^${signal}: `));
    expect(await rest()).toMatch(/data: \[DONE\]\n\n$/);
    expect(await run.exit).toBe(0);
    expect(run.errors()).toBe("");
  });
});

test("two signals at once, as npm makes them of one Ctrl-C, count as one", async () => {
  const run = warmroute("serve", "--embedded", "1", "--port", "0", "--sim-speed", "10");
  const rest = await openAnswer(run);
  // Both are there when it goes on; two of a kind would be one to the kernel.
  run.child.kill("SIGSTOP");
  for (const signal of ["SIGINT", "SIGTERM", "SIGCONT"] as const) run.child.kill(signal);
  await run.line(/^SIG(INT|TERM): /);
  expect(await rest()).toMatch(/data: \[DONE\]\n\n$/);
  expect(await run.exit).toBe(0);
  expect(run.errors()).toBe("");
});

test("a drain that takes too long cuts what is open, and the exit code is 0", async () => {
  const run = warmroute("serve", "--embedded", "1", "--port", "0", "--drain-timeout", "0.1");
  const response = await complete(await address(run), { stream: true, max_tokens: 10_000 });
  const reader = response.body!.getReader();
  await reader.read();
  run.child.kill("SIGINT");
  expect(await run.exit).toBe(0);
  expect(run.errors()).toBe("warmroute: the time to drain is over; open answers are cut\n");
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  await expect(rest()).rejects.toThrow("terminated");
});

test("a second signal, later, exits at once", async () => {
  const run = warmroute("serve", "--embedded", "1", "--port", "0");
  const response = await complete(await address(run), { stream: true, max_tokens: 10_000 });
  await response.body!.getReader().read();
  const press = setInterval(() => run.child.kill("SIGINT"), 20);
  expect(await run.exit).toBe(130);
  clearInterval(press);
});

describe("a wrong command line is told in one line, with exit code 2:", () => {
  test.each<[string[], RegExp]>([
    [["serve", "--embedded", "2", "--prot", "1"], /unknown option '--prot'/],
    [["swerve"], /unknown command 'swerve'/],
    [["serve", "--embedded", "none"], /--embedded <count>.* 'none' .* whole number, 1 or more/],
    [["serve", "--embedded", "1", "--port", "70000"], /--port <number>.* '70000' .* from 0 to 65535/],
    [
      ["serve", "--embedded", "1", "--policy", "best"],
      /--policy <name>.* 'best' .* prefix_aware, cache_aware,.* path of a module/,
    ],
    [["serve", "--embedded", "1", "--match-rate-threshold", "2"], /'2' .* from 0 to 1/],
    [["serve", "--embedded", "1", "--virtual-nodes", "x"], /'x' .* a whole number, from 1 to 65536/],
    [["serve", "--embedded", "1", "--load-factor", "2"], /"loadFactor" for policy prefix_aware/],
    [["serve", "--embedded", "1", "--policy", "./nowhere.mjs"], /policy \.\/nowhere\.mjs cannot be loaded/],
    [["serve", "--embedded", "1", "--sim-speed", "0"], /'0' .* above 0/],
    [["serve", "--replica", "localhost:8000"], /'localhost:8000' .* http or https address/],
    [["serve", "--replica", "http://h:1/v1"], /without \/v1/],
    [["serve", "--replica", "a=http://h:1", "--replica", "a=http://h:2"], /"a"/],
    [["serve", "--replica", "http://h:1", "--embedded", "1"], /--embedded.* cannot be used with .*--replica/],
    [["serve"], /--embedded <count> or --replica <url>/],
    [["serve", "--embedded", "1", "--port"], /--port <number>.* argument missing/],
    [["serve", "config.yaml", "more", "--embedded", "1"], /too many arguments/],
    [["serve", "config.yaml", "--embedded", "1"], /--embedded is not for use with a configuration file/],
    [["serve", "nowhere.yaml"], /nowhere\.yaml cannot be read: ENOENT/],
    [["serve", "--embedded", "1", "--host", "256.0.0.1"], /256\.0\.0\.1 is not an address of this machine/],
  ])("%j", async (args, message) => {
    const run = warmroute(...args);
    expect(await run.exit).toBe(2);
    expect(run.errors()).toMatch(/^warmroute: [^\n]+\n$/);
    expect(run.errors()).toMatch(message);
    expect(run.lines).toEqual([]);
  });

  test("a port in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const run = warmroute("serve", "--embedded", "1", "--port", String(port));
    expect(await run.exit).toBe(2);
    expect(run.errors()).toBe(`warmroute: port ${port} on 127.0.0.1 is in use; choose another with --port\n`);
  });
});

test("--version and --help print to stdout and exit with 0", async () => {
  const version = warmroute("--version");
  expect(await version.exit).toBe(0);
  expect(version.lines).toEqual([manifest.version]);
  const help = warmroute("serve", "--help");
  expect(await help.exit).toBe(0);
  const text = help.lines.join("\n");
  for (const part of ["--port <number>", "(default: 8000)", "Examples:", "warmroute serve --embedded 4"]) {
    expect(text).toContain(part);
  }
});

/** Has begun to read an answer that goes on for a while; returns what reads the rest of it. */
async function openAnswer(run: Run): Promise<() => Promise<string>> {
  const response = await complete(await address(run), { stream: true, max_tokens: 100 });
  const reader = response.body!.getReader();
  await reader.read();
  return async () => {
    let text = "";
    const decoder = new TextDecoder();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += decoder.decode(piece.value);
    return text;
  };
}

function complete(url: string, more: object = {}): Promise<Response> {
  return fetch(`${url}/v1/completions`, {
    method: "POST",
    body: JSON.stringify({
      model: "Qwen/Qwen2.5-1.5B-Instruct",
      prompt: "Why is the sky blue?",
      max_tokens: 5,
      ...more,
    }),
  });
}
