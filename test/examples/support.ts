import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { type SimulatedReplicas, startSimulatedReplicas } from "../../src/cli/replicas.js";
import { type Run, run } from "../cli/support.js";
import { installed } from "./needs.js";
import { ROOT } from "./root.js";

export const MODEL = "Qwen/Qwen2.5-1.5B-Instruct";

/**
 * A copy of an example with its dependencies, as a user has it: the one that `npm run test:examples` has installed from the
 * packed package, or else one whose dependencies are those of this repository.
 */
export function place(example: string): string {
  const from = installed();
  if (from !== undefined) return join(from, "examples", example);
  const folder = mkdtempSync(join(tmpdir(), `warmroute-${example}-`));
  afterAll(() => rmSync(folder, { recursive: true }));
  cpSync(join(ROOT, "examples", example), folder, { recursive: true });
  const { dependencies }: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(name === "warmroute" ? ROOT : join(ROOT, "node_modules", name), link);
  }
  return folder;
}

interface Manifest {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
}

/** Runs what the example's `npm start` runs; it is killed after the tests of the file. */
export function npmStart(folder: string, env: Record<string, string> = {}, ...more: string[]): Run {
  return script(folder, "start", env, more);
}

/** Runs one of the example's scripts as npm would, but directly, so that signals reach the program. */
export function script(
  folder: string,
  name: string,
  env: Record<string, string> = {},
  more: readonly string[] = [],
): Run {
  const { scripts }: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const bins = [
    join(folder, "node_modules/.bin"),
    join(folder, "../../node_modules/.bin"),
    join(ROOT, "node_modules/.bin"),
    process.env.PATH,
  ];
  const command = [scripts[name], ...more].join(" ");
  // A list of commands cannot be exec'ed.
  const line = command.includes("&&") ? command : `exec ${command}`;
  const started = run("sh", ["-c", line], { cwd: folder, env: { ...env, PATH: bins.join(":") }, detached: true });
  all.add(started);
  return started;
}

const all = new Set<Run>();
// Here, for the whole file that imports this: what is started within a test cannot ask for it any more.
afterAll(() => {
  for (const each of all) killAll(each);
});

/** Kills what it has started, too: a `wrangler` that is killed leaves its workerd behind. */
function killAll({ child }: Run): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    // All of them have ended.
  }
}

/** The address in the first line on stdout that has one, up to its path. */
export async function origin(started: Run): Promise<string> {
  return new URL(/http:\/\/\S+/.exec(await started.line(/http:\/\//))![0]).origin;
}

/** Simulated vLLM servers on ports of their own, for all tests of a file. */
export function simulated(count: number, speed = 10): { readonly urls: readonly string[]; list(): string } {
  let replicas: SimulatedReplicas | undefined;
  beforeAll(async () => {
    replicas = await startSimulatedReplicas({ count, host: "127.0.0.1", port: 0, speed });
  });
  afterAll(() => replicas?.stop());
  return {
    get urls() {
      return replicas!.replicas.map(({ url }) => url);
    },
    /** As the examples read it from `REPLICAS`. */
    list() {
      return this.urls.join(" ");
    },
  };
}

/** The sum over replicas of one of the figures in their /metrics. */
export async function metric(urls: readonly string[], name: string): Promise<number> {
  const pages = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const values = pages.map((page) => page.split("\n").find((line) => line.startsWith(`${name}{`)));
  expect(values).not.toContain(undefined);
  return values.reduce((sum, line) => sum + Number(line!.slice(line!.lastIndexOf(" "))), 0);
}
