import { type ChildProcess, spawn } from "node:child_process";
import { freePort } from "../../../src/cli/processes/free-port.js";

/** A proxy that can be started in front of replicas. */
export interface ProxyKind {
  readonly name: string;
  /** Program and arguments. @param spare another free port, for one that needs two. */
  command(port: number, urls: readonly string[], spare: number): readonly string[];
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Why it cannot be started here; null when it can. */
  missing(): string | null;
}

export interface StartedProxy {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
const ASK_EVERY_MS = 100;
const TAIL = 2000;

/** Starts a program and waits until it answers a chat. @throws Error with what it printed when it does not. */
export async function startProxy(kind: ProxyKind, urls: readonly string[], model = "bench"): Promise<StartedProxy> {
  const [port, spare] = await Promise.all([freePort(), freePort()]);
  const [program, ...args] = kind.command(port, urls, spare);
  const child = spawn(program!, args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...kind.env },
  });
  let printed = "";
  for (const output of [child.stdout!, child.stderr!]) {
    output.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-TAIL);
    });
  }
  const url = `http://127.0.0.1:${port}`;
  const proxy = { url, pid: child.pid!, stop: () => stop(child) };
  try {
    await answering(url, child, model);
    return proxy;
  } catch (error) {
    await proxy.stop();
    throw new Error(`${kind.name}: ${(error as Error).message}\n${printed}`);
  }
}

async function answering(url: string, child: ChildProcess, model: string): Promise<void> {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "ready?" }], max_tokens: 1 });
  const headers = { "content-type": "application/json" };
  for (const end = performance.now() + START_LIMIT_MS; performance.now() < end; ) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body }).catch(() => null);
    await answer?.text();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  throw new Error(`did not answer within ${START_LIMIT_MS / 1000} s`);
}

/** With its whole group, since some are shells or masters around others. */
function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    process.kill(-child.pid!, "SIGKILL");
  });
}
