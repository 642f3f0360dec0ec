import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "./run.js";

/** Where runtimes are kept from one run to the next: hundreds of megabytes, and nothing else. */
export const CACHE: string = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "warmroute", "runtimes");

/** Longest wait for a download, ms. */
const PATIENCE_MS = 180_000;

/**
 * The folder in which that version of an npm package is installed; installed now if it is not there yet.
 * @throws Error with npm's words when it cannot be had.
 */
export async function installed({ name, version }: { name: string; version: string }): Promise<string> {
  const folder = join(CACHE, `${name}@${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(join(CACHE, ".installing-"));
  try {
    await npmInstall(unfinished, `${name}@${version}`);
    // Whole or not at all, whoever else installs it at the same time.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/** `npm install` in that folder, empty as it may be, and in none above it. */
export async function npmInstall(folder: string, what: string): Promise<void> {
  const { code, output } = await run(
    "npm",
    ["install", "--prefix", ".", "--no-audit", "--no-fund", "--loglevel=error", what],
    { cwd: folder, patienceMs: PATIENCE_MS },
  );
  if (code !== 0) throw new Error(`npm install ${what}: ${output.trim()}`);
}
