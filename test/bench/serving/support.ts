import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Run, run } from "../../cli/support.js";

const MAIN = fileURLToPath(new URL("../../../bench/main.ts", import.meta.url));

/** Runs `warmroute-bench`; it is killed when the test finishes. */
export function warmrouteBench(...args: string[]): Run {
  const bench = run(process.execPath, ["--import", "tsx", MAIN, ...args]);
  onTestFinished(() => void bench.child.kill("SIGKILL"));
  return bench;
}

/** A folder that is gone when the test has finished. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "warmroute-bench-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A server with one model, whose completions are answered as told. @returns its address. */
export async function server(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const listening = createServer((request, response) => {
    request.resume();
    if (request.url === "/v1/models") response.end(JSON.stringify({ data: [{ id: "a-model" }] }));
    else request.once("end", () => answer(request, response));
  });
  onTestFinished(() => {
    listening.closeAllConnections();
    listening.close();
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

export function streamed(response: ServerResponse, events: readonly object[]): void {
  response.setHeader("content-type", "text/event-stream");
  response.end(`${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}data: [DONE]\n\n`);
}

/** All processes below one. Linux only. */
export function childrenOf(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = statOf(Number(name));
      return stat === null ? [] : [[Number(name), stat.parent] as const];
    });
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family.slice(1);
}

/** Its words, each followed by a space; empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Resolves when none of them runs any more. */
export async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => (statOf(pid)?.state ?? "Z") !== "Z")) await nextTurn();
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

function statOf(pid: number): { readonly state: string; readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: state!, parent: Number(parent) };
  } catch {
    return null;
  }
}
