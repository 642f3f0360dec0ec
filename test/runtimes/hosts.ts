import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundles } from "./bundles.js";
import { chromiumProgram, runPage } from "./chromium.js";
import { run } from "./run.js";
import type { Runtime, Way } from "./runtimes.js";

/** Longest run of the program, ms; it takes one second. */
const PATIENCE_MS = 120_000;

/** The command that runs a file in a runtime, as a user would give it: no flags, but for Deno's leave to listen. */
export function command(runtime: Runtime, installation: string, file: string): [program: string, args: string[]] {
  return [programOf(runtime, installation), runtime.kind === "deno" ? ["run", "--allow-net", file] : [file]];
}

/** Runs the program in a runtime; what it has printed. */
export async function runProgram(runtime: Runtime, way: Way, installation: string, bundles: Bundles): Promise<string> {
  const { folder } = bundles;
  if (runtime.kind === "chromium") return runPage(installation, way, bundles, PATIENCE_MS);
  const [program, args]: [string, string[]] =
    runtime.kind === "workerd"
      ? [programOf(runtime, installation), ["test", workerConfig(bundles)]]
      : command(runtime, installation, way === "require" ? bundles.common : bundles.module);
  const { code, output } = await run(program, args, { cwd: folder, patienceMs: PATIENCE_MS });
  // The program reports failures and ends well: anything else, such as a timer that keeps it alive, spoils the whole run.
  if (code !== 0) throw new Error(`${program} ended with ${code}\n${output}`);
  return output;
}

function workerConfig({ folder, worker, wasm }: Bundles): string {
  const file = join(folder, "worker.capnp");
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "program", worker = (
  modules = [
    (name = "${worker}", esModule = embed "${worker}"),
    (name = "${wasm}?module", wasm = embed "${wasm}"),
  ],
  compatibilityDate = "2026-11-01",
))]);
`,
  );
  return file;
}

/** The version that a runtime gives of itself. */
export async function versionOf(runtime: Runtime, installation: string): Promise<string> {
  const program = programOf(runtime, installation);
  const { code, stdout, output } = await run(program, ["--version"], { cwd: installation, patienceMs: 30_000 });
  const version = /\d[\d.-]*/.exec(stdout)?.[0];
  if (code !== 0 || version === undefined) throw new Error(`${program} --version: ${output.trim()}`);
  return version;
}

/** @throws Error if the system has no Chromium. */
export function programOf({ kind }: Runtime, installation: string): string {
  return kind === "chromium" ? chromiumProgram() : join(installation, "node_modules", ".bin", kind);
}
