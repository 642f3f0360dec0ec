import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../src/cli/processes/free-port.js";
import { copyContext, executeStages, instruction, readContainerfile } from "./containerfile.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stages = readContainerfile(readFileSync(join(root, "Containerfile"), "utf8"));
const image = stages.at(-1)!;
const entrypoint: string[] = JSON.parse(instruction(image, "ENTRYPOINT")!);

/** Podman or docker, if it can run something. */
const engine = ["podman", "docker"].find((command) => spawnSync(command, ["info"]).status === 0);

describe("the Containerfile", () => {
  test("runs as a user without rights, gets signals without a shell, and is asked for its health", () => {
    expect(instruction(image, "USER")).toBe("node");
    expect(entrypoint.slice(0, 3)).toEqual(["node", "dist/cli/main.js", "serve"]);
    expect(instruction(image, "STOPSIGNAL")).toBe("SIGTERM");
    expect(instruction(image, "HEALTHCHECK")).toContain("/health");
    expect(image.image).toMatch(/^docker\.io\/library\/node:\d+-alpine$/);
  });
});

describe("its steps, executed in a folder", () => {
  const scratch = mkdtempSync(join(tmpdir(), "warmroute-container-"));
  // For a user without rights, too.
  chmodSync(scratch, 0o755);
  let app = "";
  afterAll(() => rmSync(scratch, { recursive: true, force: true }), 120_000);

  beforeAll(() => {
    const context = join(scratch, "context");
    mkdirSync(context);
    copyContext(root, context);
    app = executeStages(stages, context, join(scratch, "stages"), (command, cwd) => {
      if (!command.startsWith("npm ci") || process.env.CHECK_FULL === "1") return {};
      // 350 MB and half a minute: npm only checks the copied manifests against the lock, and what it would install is that of
      // this checkout.
      symlinkSync(join(root, "node_modules"), join(cwd, "node_modules"));
      return { npm_config_dry_run: "true" };
    });
  }, 300_000);

  test("give the files that npm would publish", () => {
    const build = join(scratch, "stages/build/build");
    const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: build,
      encoding: "utf8",
    });
    const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(stdout);
    const there = readdirSync(app, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(there.map(({ parentPath, name }) => relative(app, join(parentPath, name))).sort()).toEqual(
      files.map(({ path }) => path).sort(),
    );
    expect(files.map(({ path }) => path)).toContain("dist/THIRD_PARTY_NOTICES.txt");
  });

  test("give a gateway that says how it is, answers, and ends with 0 when told to", { timeout: 60_000 }, async () => {
    const port = await freePort();
    const health = () => {
      const command: string[] = JSON.parse(/CMD (\[.*\])/.exec(instruction(image, "HEALTHCHECK")!)![1]!);
      const args = command.slice(1).map((arg) => arg.replace(":8000", `:${port}`));
      return spawnSync(process.execPath, args, { timeout: 10_000 }).status;
    };
    const args = entrypoint.slice(1).map((arg) => (arg === "8000" ? String(port) : arg));
    const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
    // Before it is started: how soon it listens is nobody's promise.
    expect(health()).toBe(1);
    const started = spawn(process.execPath, [...args, "--embedded", "2", "--sim-speed", "1000"], { cwd: app, ...user });
    try {
      await printed(started, "try:");
      expect(health()).toBe(0);
      const answer = await fetch(`http://127.0.0.1:${port}/v1/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "Qwen/Qwen2.5-1.5B-Instruct", prompt: "Why is the sky blue?", max_tokens: 5 }),
      });
      expect(answer.status).toBe(200);
      await answer.text();
      const ended = once(started, "exit");
      started.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    } finally {
      started.kill("SIGKILL");
    }
  });
});

describe.skipIf(engine === undefined)("built and run by a container engine", () => {
  const tag = `warmroute-test-${process.pid}`;
  let container = "";
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(engine!, args, { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new Error(`${engine} ${args.join(" ")} failed:\n${stdout}${stderr}`);
    return stdout.trim();
  };
  afterAll(() => {
    if (container !== "") spawnSync(engine!, ["rm", "--force", container]);
    spawnSync(engine!, ["rmi", "--force", tag]);
  });

  beforeAll(() => {
    const format = engine === "podman" ? ["--format", "docker"] : [];
    run("build", ...format, "--file", "Containerfile", "--tag", tag, ".");
    container = run("run", "--detach", "--read-only", tag, "--embedded", "2");
  }, 600_000);

  test("answers, as somebody who is not root, and stops when told to", { timeout: 60_000 }, () => {
    const health = /CMD (\[.*\])/.exec(instruction(image, "HEALTHCHECK")!)![1]!;
    let status = 1;
    for (let tries = 0; tries < 50 && status !== 0; tries++) {
      status = spawnSync(engine!, ["exec", container, ...(JSON.parse(health) as string[])]).status ?? 1;
    }
    expect(status).toBe(0);
    expect(run("exec", container, "id", "-u")).not.toBe("0");
    run("stop", "--time", "30", container);
    expect(run("inspect", "--format", "{{.State.ExitCode}}", container)).toBe("0");
  });
});

async function printed(child: ChildProcess, text: string): Promise<void> {
  let output = "";
  child.stderr!.on("data", (chunk) => (output += chunk));
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    output += chunk;
    if (output.includes(text)) return;
  }
  throw new Error(`ended before it printed ${JSON.stringify(text)}:\n${output}`);
}
