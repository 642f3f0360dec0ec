import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { UsageError } from "../../../src/cli/usage-error.js";

/**
 * A file that a link leads to, kept in the user's cache folder, so that it is fetched once.
 * @returns its path.
 * @throws UsageError when it cannot be fetched.
 */
export async function downloaded(link: string): Promise<string> {
  if (!URL.canParse(link) || !/^https?:$/.test(new URL(link).protocol)) {
    throw new UsageError(`--dataset-link must be an http or https address, not ${link}; a file is --dataset-path`);
  }
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "warmroute-bench");
  const name = basename(new URL(link).pathname) || "dataset";
  const path = join(folder, `${createHash("sha256").update(link).digest("hex").slice(0, 12)}-${name}`);
  if (existsSync(path)) return path;
  process.stderr.write(`fetching ${link}\n`);
  let body: ArrayBuffer;
  try {
    const response = await fetch(link);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    body = await response.arrayBuffer();
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    throw new UsageError(`${link} cannot be fetched: ${why}. Fetch it by other means and give --dataset-path`);
  }
  mkdirSync(folder, { recursive: true });
  // Whole or not at all.
  writeFileSync(`${path}.part`, Buffer.from(body));
  renameSync(`${path}.part`, path);
  return path;
}
