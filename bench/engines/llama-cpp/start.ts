import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { installLlamaCpp } from "./install.js";
import { type ModelSize, randomModel, TINY } from "./random-model.js";

export interface LlamaReplicasOptions {
  replicas: number;
  /** Default: `warmroute-random`. */
  model?: string;
  /** KV caches of one replica, and requests that it computes at a time. Default: 4. */
  slots?: number;
  /** Tokens of one slot. Default: what the model says. */
  contextTokens?: number;
  /** Default: TINY. */
  size?: ModelSize;
}

export interface LlamaReplicas {
  readonly model: string;
  readonly urls: readonly string[];
  close(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const SEED = 1;

/**
 * Starts replicas that compute: llama.cpp with random weights, one thread each, a process each. Installs it first if need be.
 * @throws Error when one does not come up, with what it said.
 */
export async function startLlamaReplicas(options: LlamaReplicasOptions): Promise<LlamaReplicas> {
  const { replicas, model = "warmroute-random", slots = 4, size = TINY, contextTokens = size.context } = options;
  installLlamaCpp();
  const folder = mkdtempSync(join(tmpdir(), "warmroute-llama-"));
  const modelPath = join(folder, "model.gguf");
  writeFileSync(modelPath, randomModel(size, SEED));
  const children: ChildProcess[] = [];
  const close = async () => {
    await Promise.all(children.map(ended));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const args = ["--import", "tsx", MAIN, modelPath, model, String(slots), String(contextTokens), "0"];
    const urls = await Promise.all(
      Array.from({ length: replicas }, () => {
        const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
        children.push(child);
        return readyUrl(child);
      }),
    );
    return { model, urls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function readyUrl(child: ChildProcess): Promise<string> {
  let errors = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.slice("ready ".length));
    });
    child.once("exit", (code) => reject(new Error(`a replica of llama.cpp ended with ${code}: ${errors}`)));
  });
}

/** Its standard input's end is what it stops for, so that none outlives whoever started it. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.stdin!.end();
  });
}
