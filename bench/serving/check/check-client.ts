/**
 * `npm run check:client`: the load generator against a server whose answers take exactly known times. Exits with 1 when it is less
 * accurate than 2 ms (median, at 200 requests a second), or does fewer than 2,000 streams of 8 pieces a second of one core.
 */
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { type Summary, summarize } from "../../../src/measure/index.js";
import { workload } from "../../../src/workloads/index.js";
import { BACKENDS } from "../load/backends.js";
import { Client } from "../load/client.js";
import { type LoadOptions, type LoadResult, runLoad } from "../load/run.js";
import { startChild } from "../servers/child.js";

const TTFT_MS = 60;
const GAP_MS = 20;
const MOST_ERROR_MS = 2;
const LEAST_PER_SECOND = 2000;

const accuracy = await against("exact", 2000, { requestRate: 200, maxConcurrency: null });
const answered = accuracy.result.records;
const errors: readonly (readonly [string, Summary])[] = [
  [
    "TTFT",
    errorsOf(
      answered.map(({ sentMs, pieceMs }) => pieceMs[0]! - sentMs),
      TTFT_MS,
    ),
  ],
  [
    "ITL",
    errorsOf(
      answered.flatMap(({ pieceMs }) => pieceMs.slice(1).map((ms, i) => ms - pieceMs[i]!)),
      GAP_MS,
    ),
  ],
  [
    "E2E",
    errorsOf(
      answered.map(({ sentMs, endMs }) => endMs - sentMs),
      TTFT_MS + 7 * GAP_MS,
    ),
  ],
];
console.log(
  `errors of ${answered.length} streams of 8 pieces at 200 a second, ms (TTFT ${TTFT_MS}, ITL ${GAP_MS} are right)`,
);
for (const [name, { median, p90, p99, max }] of errors) {
  console.log(
    `  ${name.padEnd(5)} median ${median.toFixed(3)}  p90 ${p90.toFixed(3)}  p99 ${p99.toFixed(3)}  max ${max.toFixed(3)}`,
  );
}

const speed = await against("fast", 20_000, { requestRate: Number.POSITIVE_INFINITY, maxConcurrency: 300 });
const perSecond = (speed.result.records.length / speed.result.durationMs) * 1000;
const perCpuSecond = speed.result.records.length / speed.cpuS;
console.log(
  `${speed.result.records.length} streams as fast as they go, 300 at a time: ${perSecond.toFixed(0)} a second, ` +
    `${perCpuSecond.toFixed(0)} a second of the client's CPU time (of all its threads)`,
);

// The server is late too when the machine is busy, and its lateness is in the errors.
console.log(`load of the machine: ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`);

const failed = [...answered, ...speed.result.records].filter(({ failure }) => failure !== null);
for (const cause of new Set(failed.map(({ failure }) => failure))) {
  console.log(`failed, ${failed.filter(({ failure }) => failure === cause).length} times: ${cause}`);
}
const accurate = errors.slice(0, 2).every(([, { median }]) => median <= MOST_ERROR_MS);
if (!accurate || perCpuSecond < LEAST_PER_SECOND || failed.length > 0) process.exitCode = 1;

function errorsOf(measured: readonly number[], right: number): Summary {
  return summarize(measured.map((ms) => Math.abs(ms - right)))!;
}

async function against(
  mode: "exact" | "fast",
  requests: number,
  pace: Pick<LoadOptions, "requestRate" | "maxConcurrency">,
): Promise<{ result: LoadResult; cpuS: number }> {
  const { signal } = new AbortController();
  const program = fileURLToPath(new URL("./fake-server.ts", import.meta.url));
  const delays = mode === "exact" ? [TTFT_MS, GAP_MS] : [10, 10];
  const server = await startChild(process.execPath, [...process.execArgv, program, ...delays.map(String), mode], {
    name: "the fake server",
    ready: /at (http:\S+)/,
    logs: { stderr: process.stderr },
    signal,
  });
  const backend = BACKENDS.vllm;
  const client = new Client({ baseUrls: [server.match![1]!], backend, headers: {}, timeoutS: 60 });
  try {
    const options = { client, backend, model: "fake", stream: true, ignoreEos: true, seed: 1, extraBody: {}, signal };
    const prompts = workload("random", { requests, inputTokens: 128, outputTokens: 8, rangeRatio: 1 });
    // Connections and code that have been used before.
    await runLoad(prompts, { ...options, requestRate: Number.POSITIVE_INFINITY, maxConcurrency: 200 });
    const before = process.cpuUsage();
    const result = await runLoad(prompts, { ...options, ...pace });
    const { user, system } = process.cpuUsage(before);
    return { result, cpuS: (user + system) / 1e6 };
  } finally {
    await client.close();
    await server.stop();
  }
}
