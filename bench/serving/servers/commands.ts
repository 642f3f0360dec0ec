import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../../../src/cli/usage-error.js";
import { type Child, runShell, startChild } from "./child.js";
import type { Launch, ServerKind, Servers } from "./servers.js";

/** Servers that a command of the user's starts: vLLM, SGLang, another gateway. `{policy}` in a command stands for the strategy's policy. */
export interface CommandServersOptions {
  /** Run by the shell; it stays, or leaves its servers behind for `stop`. */
  readonly start: string;
  /** Run by the shell at the end; without it the start command's processes are asked to end. */
  readonly stop?: string;
  /** Where requests go; by default host and port of the run. */
  readonly url?: string;
  /** Answers 200 once requests can come; by default `/v1/models` of `url`. */
  readonly ready?: string;
  readonly readyTimeoutS: number;
  /** Replicas whose `/metrics` are scraped. */
  readonly metrics: readonly string[];
}

const POLL_MS = 500;

/** @param url where requests go when the options do not say. */
export function commandServers(options: CommandServersOptions, url: string): ServerKind {
  return { about: options.start, start: (launch) => startCommand(options, options.url ?? url, launch) };
}

async function startCommand(options: CommandServersOptions, url: string, launch: Launch): Promise<Servers> {
  const { logs, signal, policy } = launch;
  const filled = (command: string) => command.replaceAll("{policy}", policy);
  const start = filled(options.start);
  const ready = options.ready ?? `${url.replace(/\/+$/, "")}/v1/models`;
  if ((await fault(ready)) === null) {
    process.stderr.write(
      `warmroute-bench: ${ready} answers before ${start} has run: servers that were there already are not afresh, and may be others\n`,
    );
  }
  // Its output says nothing that we know: that it has been started is what there is to wait for.
  const child = await startChild(start, [], { name: start, ready: null, logs, signal, shell: true });
  const stop = async () => {
    if (options.stop !== undefined) await runShell(filled(options.stop), logs);
    await child.stop();
  };
  try {
    await answers(ready, child, options.readyTimeoutS, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  const replicas = options.metrics.map((address) => ({
    id: new URL(address).host,
    url: address.replace(/\/metrics$/, ""),
  }));
  // When it has ended well, it has left its servers behind: whether they are there, their answers tell.
  return { urls: [url], replicas, lost: child.failure, stop };
}

async function answers(url: string, child: Child, timeoutS: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + timeoutS * 1000;
  let last: string | null = null;
  while (performance.now() < until) {
    if (signal.aborted) throw new UsageError("stopped");
    const failure = child.failure();
    if (failure !== null) throw new UsageError(failure);
    last = await fault(url);
    if (last === null) return;
    await sleep(POLL_MS);
  }
  throw new UsageError(`${url} did not answer within ${timeoutS} s: ${last}`);
}

/** Why an address does not answer well; null when it does. */
async function fault(url: string): Promise<string | null> {
  try {
    const { status, ok } = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return ok ? null : `HTTP ${status}`;
  } catch (error) {
    const { cause, message } = error as Error;
    return cause instanceof Error ? cause.message : message;
  }
}
