import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LoadResult, LoadSpec } from "./spec.js";

const CLIENT = fileURLToPath(new URL("./client.ts", import.meta.url));

/** Runs a load to its end. @throws Error when the generator fails. */
export async function load(spec: LoadSpec): Promise<LoadResult> {
  const { result, end } = await begin(spec);
  end();
  return result;
}

/** Opens streams and holds them; `end` lets them go. */
export async function begin(spec: LoadSpec): Promise<{ result: LoadResult; end: () => void }> {
  const child = spawn(process.execPath, ["--import", "tsx", CLIENT, JSON.stringify(spec)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const line = await firstLine(child);
  return { result: JSON.parse(line) as LoadResult, end: () => child.stdin!.end() };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the load generator ended with ${code} and no result`)));
  });
}
