import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Watchdog } from "../../../src/cli/processes/watchdog.js";
import { UsageError } from "../../../src/cli/usage-error.js";

/** Where a process's output goes; undefined: nowhere. */
export interface Logs {
  readonly stdout?: Writable | undefined;
  readonly stderr?: Writable | undefined;
}

export interface Child {
  /** What `ready` found in its output. */
  readonly match: RegExpMatchArray | null;
  /** Resolves when it has ended; what it has started may go on. */
  readonly ended: Promise<unknown>;
  /** How it has ended, with the end of its output, when it was not asked to; null before. */
  lost(): string | null;
  /** The same of one that has ended with an error. */
  failure(): string | null;
  /** Asks it to end, and makes it after a while. */
  stop(): Promise<void>;
  /** It may outlive this process. */
  letGo(): void;
}

export interface ChildOptions {
  readonly name: string;
  readonly ready: RegExp | null;
  readonly logs: Logs;
  readonly signal: AbortSignal;
  readonly shell?: boolean;
}

const STOP_MS = 15_000;
const KILLED_MS = 2000;
const POLL_MS = 200;
const SHOWN = 2000;

/** Groups of processes that must not outlive this one, nor when it is killed. */
const running = new Set<number>();
const watchdog = new Watchdog();
process.on("exit", () => {
  for (const group of running) killGroup(group, "SIGKILL");
});

/**
 * Starts a program, in a group of its own so that a Ctrl-C in the terminal reaches it through us.
 * @param name what it is called when it cannot be started, or ends by itself.
 * @param ready what its output has once it is there; null: it is there once it runs.
 * @throws UsageError with the end of its output when it ends before, or the signal comes.
 */
export async function startChild(
  command: string,
  args: readonly string[],
  { name, ready, logs, signal, shell = false }: ChildOptions,
): Promise<Child> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, shell });
  const ended = once(child, "exit").catch(() => {});
  const closed = once(child, "close").catch(() => {});
  let output = "";
  let matched: RegExpMatchArray | null = null;
  let stopping = false;
  const lost = () => {
    if (stopping || (child.exitCode === null && child.signalCode === null)) return null;
    const said = output.slice(-SHOWN).trim();
    return `${name} ended (${ending(child)})${said === "" ? " and said nothing" : `: ${said}`}`;
  };
  const found = new Promise<RegExpMatchArray | null>((resolve, reject) => {
    const look = (text: string) => {
      output = (output + text).slice(-SHOWN * 4);
      if (matched !== null || ready === null) return;
      matched = ready.exec(output);
      if (matched === null) return;
      // What it says from here on is about how it ends.
      output = "";
      resolve(matched);
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      logs.stdout?.write(text);
      look(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      logs.stderr?.write(text);
      look(text);
    });
    if (ready === null) child.once("spawn", () => resolve(null));
    child.once("error", (error) => reject(new UsageError(`${name} cannot be started: ${error.message}`)));
    void closed.then(() => reject(new UsageError(lost()!)));
    signal.addEventListener("abort", () => reject(new UsageError("stopped")), { once: true });
  });
  found.catch(() => {});
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    watchdog.watch(pid);
  }
  const letGo = () => {
    if (pid === undefined) return;
    running.delete(pid);
    watchdog.forget(pid);
  };
  const stop = async () => {
    stopping = true;
    if (pid === undefined) return;
    killGroup(pid, "SIGTERM");
    const late = setTimeout(() => killGroup(pid, "SIGKILL"), STOP_MS);
    // Something that it has started in a group of its own may hold its output for ever.
    await Promise.race([closed, groupGone(pid)]);
    for (const output of [child.stdout, child.stderr]) output.destroy();
    clearTimeout(late);
    letGo();
  };
  try {
    const failure = () => (child.exitCode === 0 ? null : lost());
    return { match: await found, ended, lost, failure, stop, letGo };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs a command to its end, however it ends. */
export async function runShell(command: string, logs: Logs): Promise<void> {
  const { signal } = new AbortController();
  const child = await startChild(command, [], { name: command, ready: null, logs, signal, shell: true });
  await child.ended;
  // What it has left behind on purpose stays.
  child.letGo();
}

function ending({ exitCode, signalCode }: ChildProcess): string {
  return signalCode ?? `exit code ${exitCode}`;
}

/** Resolves when no process of the group is there, and some time after it was killed at the latest. */
async function groupGone(group: number): Promise<void> {
  const until = performance.now() + STOP_MS + KILLED_MS;
  while (performance.now() < until && isThere(group)) await sleep(POLL_MS);
}

function isThere(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It has ended already.
  }
}
