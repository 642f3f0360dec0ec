import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { workload } from "../../../src/workloads/index.js";
import { BACKENDS } from "../../serving/load/backends.js";
import { Client } from "../../serving/load/client.js";
import { reportOf } from "../../serving/load/report.js";
import { runLoad } from "../../serving/load/run.js";
import { WARMROUTE } from "../proxies/kinds.js";
import { usageOf } from "../proxies/process-usage.js";
import { type ProxyKind, startProxy } from "../proxies/proxy.js";
import { median, type Row, type Table } from "./measured.js";

const MODEL = "Qwen/Qwen2.5-1.5B-Instruct";
const REPLICAS = 4;
const CONCURRENCY = 40;
/** Twice as fast as an L4, so that it takes half as long. */
const SPEED = 2;
const WORKLOAD = { groups: 32, promptsPerGroup: 12, outputTokens: 64 };
const COLUMNS = ["mean TTFT ms", "p99 TTFT ms", "requests/s", "cached tokens %", "CPU ms a request", "failed"] as const;

/**
 * (e): SGLang's generated-shared-prefix on four simulated L4 replicas, started afresh for each proxy, each with its prefix-aware policy
 * where it has one. TTFT is in the model's time: divided by the speed-up it would be what passes here.
 */
export async function sharedPrefix(kinds: readonly ProxyKind[], rounds: number): Promise<Table> {
  const rows: Row[] = [];
  for (const kind of kinds) {
    const runs: number[][] = [];
    for (let round = 0; round < rounds; round++) runs.push(await once(kind, round + 1));
    const figures = Object.fromEntries(COLUMNS.map((column, i) => [column, median(runs.map((run) => run[i]!))]));
    rows.push({ proxy: kind.name, figures });
  }
  const { groups, promptsPerGroup } = WORKLOAD;
  return {
    what: `${groups * promptsPerGroup} chats with ${groups} system prompts of 2,048 tokens, ${CONCURRENCY} at a time, ${REPLICAS} simulated L4 at speed ${SPEED}`,
    columns: COLUMNS,
    rows,
  };
}

async function once(kind: ProxyKind, seed: number): Promise<number[]> {
  const { urls, end } = await simulatedReplicas();
  try {
    const proxy = await startProxy(kind, urls, MODEL);
    try {
      const backend = BACKENDS["vllm-chat"];
      const client = new Client({ baseUrls: [proxy.url], backend, headers: {}, timeoutS: 120 });
      const before = usageOf(proxy.pid).cpuSeconds;
      const result = await runLoad(workload("gsp", { seed, ...WORKLOAD }), {
        client,
        backend,
        model: MODEL,
        requestRate: Number.POSITIVE_INFINITY,
        maxConcurrency: CONCURRENCY,
        stream: true,
        ignoreEos: true,
        seed,
        extraBody: {},
        signal: new AbortController().signal,
      });
      const cpuMs = (usageOf(proxy.pid).cpuSeconds - before) * 1000;
      await client.close();
      const { summary, failures } = reportOf(result);
      return [
        (summary.ttftMs?.mean ?? Number.NaN) * SPEED,
        (summary.ttftMs?.p99 ?? Number.NaN) * SPEED,
        summary.requestThroughput / SPEED,
        100 * (summary.cacheHitRate ?? Number.NaN),
        cpuMs / summary.completed,
        failures.reduce((total, [, count]) => total + count, 0),
      ];
    } finally {
      await proxy.stop();
    }
  } finally {
    end();
  }
}

async function simulatedReplicas(): Promise<{ urls: string[]; end: () => void }> {
  const args = ["simulate", "--replicas", String(REPLICAS), "--port", "0", "--sim-speed", String(SPEED)];
  const child = spawn(process.execPath, [WARMROUTE, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const urls = await firstUrls(child);
  return { urls, end: () => void child.kill("SIGINT") };
}

function firstUrls(child: ChildProcess): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const urls: string[] = [];
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const url = /^\s+(http:\S+)$/.exec(line)?.[1];
      if (url !== undefined) urls.push(url);
      if (urls.length === REPLICAS) resolve(urls);
    });
    child.once("exit", (code) => reject(new Error(`warmroute simulate ended with ${code}`)));
  });
}
