import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "./hosts.js";
import { run } from "./run.js";
import type { Runtime } from "./runtimes.js";

/** The first example of the README: a block of JavaScript, and right after it a block of what it prints. */
const EXAMPLE = /^```js\n(.*?)^```\n.*?^```(?:text)?\n(.*?)^```$/ms;

const FILE = "first.mjs";

/** Puts the example of the installed package's README into a file, as the README says; returns what it should print. */
export function writeExample(folder: string): string {
  const readme = readFileSync(join(folder, "node_modules", "warmroute", "README.md"), "utf8");
  const [, code, printed] = EXAMPLE.exec(readme) ?? [];
  if (code === undefined || printed === undefined) throw new Error("the README has no example with what it prints");
  writeFileSync(join(folder, FILE), code);
  return printed;
}

/** Runs the example; null, or how it differs from what the README says. */
export async function tryExample(
  runtime: Runtime,
  installation: string,
  folder: string,
  printed: string,
): Promise<string | null> {
  const [program, args] = command(runtime, installation, FILE);
  const { code, stdout, output } = await run(program, args, { cwd: folder, patienceMs: 30_000 });
  if (code === 0 && stdout === printed) return null;
  return `exit code ${code}, printed:\n${output}instead of:\n${printed}`;
}
