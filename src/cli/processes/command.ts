import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ReplicaServer, ServerConfig, ServerEvents } from "../../app/index.js";
import { freePort } from "./free-port.js";
import type { Watchdog } from "./watchdog.js";

/** Where the lines go that a process writes. */
export type OnLine = (replica: string, stream: "stdout" | "stderr", line: string) => void;

/** Before a process that has ended is started again: the first wait, and the longest; each is twice the one before. */
const RESTART_MS = 1_000;
const RESTART_MAX_MS = 30_000;
/** A process that was up for so long begins with the first wait again. */
const STEADY_MS = 60_000;
/** For one question whether it is ready. */
const QUESTION_MS = 5_000;

/**
 * Starts a command and keeps it running: it is up when its path answers, and when it ends it is started again, after a while. Each has a
 * process group of its own, so that what it starts ends with it.
 * @throws what `spawn` says of a program that cannot be started, the first time.
 */
export async function startCommand(
  config: ServerConfig,
  events: ServerEvents,
  { onLine, watchdog }: { onLine: OnLine; watchdog: Watchdog },
): Promise<ReplicaServer> {
  const { id, command = [], env = {}, cwd, port, ready = {}, stopTimeoutMs = 30_000 } = config;
  const { path = "/health", timeoutMs = 600_000, intervalMs = 500 } = ready;
  const stopping = new AbortController();
  let current: Started | null = null;

  async function start(): Promise<Started> {
    const started = await launch(port ?? (await freePort()));
    current = started;
    return started;
  }

  async function launch(at: number): Promise<Started> {
    const words = command.map((word) => word.replaceAll("{port}", String(at)).replaceAll("{id}", id));
    const child = spawn(words[0]!, words.slice(1), {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const exit = once(child, "exit").then(
      ([code, signal]) => (signal === null ? `it exited with ${code}` : `it was ended by ${signal}`),
      (error: Error) => `it cannot be started: ${error.message}`,
    );
    await once(child, "spawn");
    const group = child.pid!;
    watchdog.watch(group);
    read(child.stdout, "stdout");
    read(child.stderr, "stderr");
    const ended = exit.then((reason) => {
      // What it has started and not ended itself.
      kill(group, "SIGKILL");
      watchdog.forget(group);
      return reason;
    });
    return { child, group, ended, url: `http://127.0.0.1:${at}` };
  }

  function read(stream: Readable, name: "stdout" | "stderr"): void {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
      .on("line", (line) => onLine(id, name, line))
      .on("error", () => {});
  }

  /** Until it is ready (true), has ended, or its time is over. */
  async function isReady({ child, url }: Started): Promise<boolean> {
    const end = performance.now() + timeoutMs;
    while (isRunning(child) && performance.now() < end && !stopping.signal.aborted) {
      if (await answers(url + path, stopping.signal)) return isRunning(child);
      await delay(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
    return false;
  }

  async function end(started: Started): Promise<string> {
    kill(started.group, "SIGTERM");
    const late = new AbortController();
    const killed = delay(stopTimeoutMs, undefined, { signal: late.signal }).then(
      () => kill(started.group, "SIGKILL"),
      () => {},
    );
    const reason = await started.ended;
    late.abort();
    await killed;
    return reason;
  }

  async function keep(first: Started): Promise<void> {
    let waitMs = RESTART_MS;
    let started: Started | null = first;
    while (!stopping.signal.aborted) {
      const upAt = performance.now();
      let reason: string;
      if (started === null) reason = "it cannot be started";
      else if (await isReady(started)) {
        events.up(started.url);
        reason = await started.ended;
        if (performance.now() - upAt > STEADY_MS) waitMs = RESTART_MS;
      } else if (stopping.signal.aborted) return;
      else if (isRunning(started.child)) {
        await end(started);
        reason = `it was not ready within ${timeoutMs} ms`;
      } else reason = await started.ended;
      if (stopping.signal.aborted) return;
      events.down(`${reason}; it is started again in ${waitMs / 1000} s`);
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => {});
      waitMs = Math.min(2 * waitMs, RESTART_MAX_MS);
      if (!stopping.signal.aborted) started = await start().catch(() => null);
    }
  }

  const keeping = keep(await start());
  return {
    async stop() {
      stopping.abort();
      if (current !== null) await end(current);
      await keeping;
      // One that was being started meanwhile.
      if (current !== null) await end(current);
    },
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly group: number;
  /** Why it has ended. */
  readonly ended: Promise<string>;
  readonly url: string;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(QUESTION_MS)]) });
    await response.body?.cancel();
    return response.status < 400;
  } catch {
    return false;
  }
}

/** All of a group, as far as there is anything of it. */
function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    // macOS says EPERM of a group that has ended and was not waited for yet.
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
