import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folder } from "./files.js";
import { address, type Run, warmroute } from "./support.js";

const FLAGS = ["--embedded", "1", "--port", "0", "--sim-speed", "1000"];

function serve(...args: string[]): Run {
  return warmroute("serve", ...FLAGS, ...args);
}

async function complete(url: string, prompt = "Why is the sky blue?"): Promise<void> {
  const body = JSON.stringify({ model: "Qwen/Qwen2.5-1.5B-Instruct", prompt, max_tokens: 2 });
  await (await fetch(`${url}/v1/completions`, { method: "POST", body })).text();
}

/** Ends it, so that all of its lines are written. */
async function stop({ child, exit }: Run): Promise<void> {
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
}

function linesOf(file: string): string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

const urlOf = async (run: Run): Promise<string> => JSON.parse(await run.line(/"event":"listening"/)).url;

describe("--log-file", () => {
  test("has the lines of requests, and stdout the others", async () => {
    const file = join(folder(), "access.log");
    writeFileSync(file, "a line of before\n");
    const run = serve("--json-log", "--log-file", file);
    await complete(await urlOf(run), "a secret");
    await stop(run);
    const [before, line, ...more] = linesOf(file);
    expect([before, more]).toEqual(["a line of before", []]);
    expect(JSON.parse(line!)).toMatchObject({ event: "request", path: "/v1/completions", outcome: "completed" });
    expect(line).not.toContain("secret");
    expect(run.lines.map((each) => JSON.parse(each).event)).toEqual(["listening", "draining"]);
  });

  test("is opened anew on SIGHUP: what rotates it loses no line", async () => {
    const path = folder();
    const file = join(path, "access.log");
    const run = serve("--log-file", file);
    const url = await address(run);
    for (let i = 0; i < 3; i++) await complete(url);
    renameSync(file, join(path, "access.log.1"));
    run.child.kill("SIGHUP");
    while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 2; i++) await complete(url);
    await stop(run);
    expect([linesOf(join(path, "access.log.1")).length, linesOf(file).length]).toEqual([3, 2]);
  });

  test("that cannot be opened is told at the start", async () => {
    const run = serve("--log-file", join(folder(), "nowhere", "access.log"));
    expect(await run.exit).toBe(2);
    expect(run.errors()).toMatch(/^warmroute: log\.file cannot be opened: ENOENT/);
  });

  test("in a configuration counts from the file's folder, and may become another while it runs", async () => {
    const config = (log: string) =>
      `models: [{ replicas: [{ simulated: { speed: 1000 } }] }]\nlisten: { port: 0 }\nlog: { ${log} }\n`;
    const path = folder({ "config.yaml": config("file: one.log") });
    const run = warmroute("serve", join(path, "config.yaml"));
    const url = await address(run);
    await complete(url);
    writeFileSync(join(path, "config.yaml"), config("file: two.log"));
    await run.line(/^configuration reloaded/);
    await complete(url);
    writeFileSync(join(path, "config.yaml"), config("file: nowhere/three.log"));
    await run.error(/log\.file cannot be opened, and stays as it was/);
    await complete(url);
    await stop(run);
    expect([linesOf(join(path, "one.log")).length, linesOf(join(path, "two.log")).length]).toEqual([1, 2]);
  });
});

describe("--log-sample", () => {
  test("leaves out of what ends well all but a share, evenly, and of the rest nothing", async () => {
    const run = serve("--log-sample", "0.25");
    const url = await address(run);
    for (let i = 0; i < 8; i++) await complete(url);
    for (let i = 0; i < 3; i++) await fetch(`${url}/nowhere`);
    await stop(run);
    const requests = run.lines.filter((line) => /^\d\d:/.test(line));
    expect(requests.filter((line) => line.includes("/v1/completions"))).toHaveLength(2);
    expect(requests.filter((line) => line.endsWith("bad_request"))).toHaveLength(3);
  });

  test.each(["-0.1", "1.1", "some"])("refuses %s", async (given) => {
    const run = serve("--log-sample", given);
    expect(await run.exit).toBe(2);
    expect(run.errors()).toContain("It must be a number from 0 to 1.");
  });
});
