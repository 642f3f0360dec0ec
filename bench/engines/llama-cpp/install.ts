import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { LlamaCpp } from "./llama-cpp.js";

/** The version whose behaviour was looked at. */
const VERSION = "3.22.1";
/** Beside what `npm ci` installs, and out of its way. */
const FOLDER = fileURLToPath(new URL("../../../node_modules/.cache/warmroute-llama-cpp/", import.meta.url));

/**
 * Installs `node-llama-cpp` with its prebuilt CPU library aside, once: 85 MB, in no package.json, since only proofs need it.
 * @throws Error with npm's words when it cannot be had.
 */
export function installLlamaCpp(): void {
  if (existsSync(entry())) return;
  const system = `@node-llama-cpp/${platformPackage()}@${VERSION}`;
  mkdirSync(FOLDER, { recursive: true });
  // npm takes the nearest folder with a package.json for its own.
  writeFileSync(join(FOLDER, "package.json"), '{ "private": true }\n');
  const { status, stderr, error } = spawnSync(
    "npm",
    [
      "install",
      "--no-save",
      "--omit=optional",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      `node-llama-cpp@${VERSION}`,
      system,
    ],
    { cwd: FOLDER, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`node-llama-cpp could not be installed: ${error?.message ?? stderr}`);
}

/** @throws Error when it is not installed. */
export async function loadLlamaCpp(): Promise<LlamaCpp> {
  if (!existsSync(entry())) throw new Error("node-llama-cpp is not installed; installLlamaCpp() does it");
  return (await import(pathToFileURL(entry()).href)) as LlamaCpp;
}

function entry(): string {
  return join(FOLDER, "node_modules/node-llama-cpp/dist/index.js");
}

function platformPackage(): string {
  const { platform, arch } = process;
  if (platform === "linux" && arch === "x64") return "linux-x64";
  if (platform === "linux" && arch === "arm64") return "linux-arm64";
  if (platform === "darwin" && arch === "arm64") return "mac-arm64-metal";
  throw new Error(
    `node-llama-cpp is not tried on ${platform} ${arch}; linux x64, linux arm64 and darwin arm64 are known`,
  );
}
