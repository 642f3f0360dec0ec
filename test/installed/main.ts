/**
 * `npm run test:installed [-- options of vitest]`: the tests of this folder, which need more than `npm ci` installs: other clients,
 * OpenTelemetry's SDK, a driver of browsers, ZeroMQ. Installs here what package-lock.json names (130 MB) unless that is what is
 * here, and checks the tests' types, which nobody else can.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "../..");
const LOCK = join(HERE, "package-lock.json");
/** The lockfile as it was at the last install. */
const INSTALLED = join(HERE, "node_modules/.installed.json");

if (!isInstalled()) {
  run("npm", ["ci"], HERE);
  writeFileSync(INSTALLED, readFileSync(LOCK));
}
run("npx", ["tsc", "-p", HERE], ROOT);
run("npx", ["vitest", "run", "test/installed", ...process.argv.slice(2)], ROOT);

function isInstalled(): boolean {
  return existsSync(INSTALLED) && readFileSync(INSTALLED).equals(readFileSync(LOCK));
}

/** Ends this program where the other one fails. */
function run(command: string, args: readonly string[], cwd: string): void {
  const env = { ...process.env, WARMROUTE_INSTALLED: "1" };
  const { status } = spawnSync(command, args, { cwd, env, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
