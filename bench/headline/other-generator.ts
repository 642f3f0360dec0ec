import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { markdownTable } from "../../src/cli/aligned.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { requestsOf, type Workload } from "../../src/workloads/index.js";
import { datasetOf } from "../serving/load/datasets.js";
import { addRunOptions, type RunOptions } from "../serving/load/options.js";
import { readyServer } from "../serving/load/ready.js";
import { printedReport, reportOf } from "../serving/load/report.js";
import { stopper } from "../serving/load/stopper.js";
import { embeddedServers } from "../serving/servers/embedded.js";
import { addEmbeddedOptions, type EmbeddedFlags, embeddedOptionsOf } from "../serving/servers/embedded-options.js";
import { load } from "../serving/serving.js";
import { about } from "./about.js";

export interface OtherGeneratorOptions {
  readonly out: string;
  /** The program `guidellm`. */
  readonly guidellm: string;
  /** Folder of a tokenizer of transformers, since none is to be downloaded; tokens are counted by what answers say in any case. */
  readonly tokenizer: string;
}

/** What both tools tell of one run. */
interface Measured {
  /** As it was printed. */
  readonly printed: string;
  readonly tool: "warmroute-bench" | "guidellm";
  readonly requests: number;
  readonly requestThroughput: number;
  readonly outputThroughput: number;
  readonly ttftMeanMs: number;
  readonly ttftMedianMs: number;
  readonly e2eMeanMs: number;
}

const ARGUMENTS = [
  ...["--dataset-name", "reference", "--num-prompts", "300", "--max-concurrency", "20", "--in-order", "--seed", "1"],
  ...["--model", "Qwen/Qwen2.5-1.5B-Instruct"],
];
const REPLICAS = 4;
/** Of the two tools, and in which order. */
const ORDER = ["warmroute-bench", "guidellm", "guidellm", "warmroute-bench"] as const;
/** By which share they may differ. */
const TOLERANCE = 0.1;
/** Both read here what they send; git ignores it. */
const DATASET = "data/other_generator.jsonl";

/** Somebody else's load generator and ours, the same requests in the same order to the same kind of servers, started afresh each time. */
export async function otherGenerator(options: OtherGeneratorOptions, command: string): Promise<number> {
  const run = addEmbeddedOptions(addRunOptions(new Command()))
    .parse(ARGUMENTS, { from: "user" })
    .opts<RunOptions & EmbeddedFlags>();
  const workload = await datasetOf(run);
  writeDataset(workload);
  const note = { ...about(command), guidellm: versionOf(options.guidellm) };
  const servers = embeddedServers(embeddedOptionsOf(run, REPLICAS));
  using stop = stopper();
  const runs: Measured[] = [];
  let shown = "";
  for (const tool of ORDER) {
    process.stderr.write(`${tool}: ${servers.about}\n`);
    const started = await servers.start({ policy: "prefix_aware", logs: {}, signal: stop.signal });
    try {
      if (tool === "guidellm") {
        const args = guidellmArguments(started.urls[0]!, run.maxConcurrency!, workload.size, options.tokenizer);
        shown = ["guidellm", ...args].join(" ").replace(started.urls[0]!, "http://127.0.0.1:8000");
        runs.push(guidellm(options.guidellm, args));
      } else {
        runs.push(ours(await load(workload, run, await readyServer(run, started.urls), stop.signal), run));
      }
    } finally {
      await started.stop();
    }
  }
  return write(options.out, { ...note, simulated: true, servers: servers.about, dataset: workload.description, runs }, [
    shown.replace(options.tokenizer, "tokenizer"),
    `warmroute-bench serving ${ARGUMENTS.join(" ")} --host 127.0.0.1 --port 8000`,
  ]);
}

function writeDataset(workload: Workload): void {
  mkdirSync("data", { recursive: true });
  const lines = Array.from(requestsOf(workload), ({ prompt, outputTokens }) =>
    JSON.stringify({ prompt, output_tokens_count: outputTokens }),
  );
  writeFileSync(DATASET, `${lines.join("\n")}\n`);
}

const OUTPUT = "data/guidellm.json";

function guidellmArguments(url: string, streams: number, requests: number, tokenizer: string): string[] {
  return [
    "run",
    ...["--backend", `kind=openai_http,target=${url},request_format=/v1/completions,model=Qwen/Qwen2.5-1.5B-Instruct`],
    ...["--profile", `kind=concurrent,streams=${streams}`, "--constraint", `kind=max_requests,count=${requests}`],
    ...["--tokenizer", `kind=huggingface_auto,model=${tokenizer}`, "--data", `kind=json_file,path=${DATASET}`],
    ...["--output", `kind=json,path=${OUTPUT}`, "--disable-console-interactive"],
  ];
}

function guidellm(program: string, args: readonly string[]): Measured {
  rmSync(OUTPUT, { force: true });
  const env = { ...process.env, HF_HUB_OFFLINE: "1", HF_DATASETS_OFFLINE: "1" };
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env });
  if (status !== 0) throw new UsageError(`guidellm failed: ${error?.message ?? `${stdout}\n${stderr}`.slice(-4000)}`);
  const { benchmarks } = JSON.parse(readFileSync(OUTPUT, "utf8")) as { benchmarks: [{ metrics: Metrics }] };
  const { metrics } = benchmarks[0];
  return {
    // Its tables; what stands around them is about its settings and files.
    printed: stdout.slice(stdout.indexOf("ℹ Run Summary Info"), stdout.indexOf("✔ Benchmarking complete")).trim(),
    tool: "guidellm",
    requests: metrics.request_totals.successful,
    requestThroughput: metrics.requests_per_second.successful.mean,
    outputThroughput: metrics.output_tokens_per_second.successful.mean,
    ttftMeanMs: metrics.time_to_first_token_ms.successful.mean,
    ttftMedianMs: metrics.time_to_first_token_ms.successful.median,
    e2eMeanMs: metrics.request_latency.successful.mean * 1000,
  };
}

function versionOf(program: string): string {
  const { stdout, error } = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (error !== undefined) throw new UsageError(`${program} cannot be started: ${error.message}`);
  return stdout.trim();
}

interface Distribution {
  readonly successful: { readonly mean: number; readonly median: number };
}

/** What is read of guidellm's results. */
interface Metrics {
  readonly request_totals: { readonly successful: number };
  readonly requests_per_second: Distribution;
  readonly output_tokens_per_second: Distribution;
  readonly time_to_first_token_ms: Distribution;
  readonly request_latency: Distribution;
}

function ours(result: Awaited<ReturnType<typeof load>>, options: RunOptions): Measured {
  const report = reportOf(result);
  const { summary } = report;
  return {
    printed: printedReport(report, options),
    tool: "warmroute-bench",
    requests: summary.completed,
    requestThroughput: summary.requestThroughput,
    outputThroughput: summary.outputThroughput,
    ttftMeanMs: summary.ttftMs!.mean,
    ttftMedianMs: summary.ttftMs!.median,
    e2eMeanMs: summary.e2eMs!.mean,
  };
}

const COMPARED = [
  ["requestThroughput", "requests/s", 2],
  ["outputThroughput", "output tokens/s", 0],
  ["ttftMeanMs", "TTFT mean ms", 1],
  ["ttftMedianMs", "TTFT p50 ms", 1],
  ["e2eMeanMs", "E2E mean ms", 0],
] as const;
/** Those that have to agree. */
const ASKED: readonly string[] = ["requestThroughput", "ttftMeanMs"];

interface Results extends ReturnType<typeof about> {
  readonly guidellm: string;
  readonly simulated: true;
  readonly servers: string;
  readonly dataset: string;
  readonly runs: readonly Measured[];
}

function write(out: string, results: Results, commands: readonly string[]): number {
  const mean = (tool: string, of: (typeof COMPARED)[number][0]) => {
    const values = results.runs.filter((run) => run.tool === tool).map((run) => run[of]);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const compared = COMPARED.map(([of, title, decimals]) => {
    const [own, others] = [mean("warmroute-bench", of), mean("guidellm", of)];
    return { of, title, decimals, own, others, difference: others / own - 1 };
  });
  const within = compared.every(({ of, difference }) => !ASKED.includes(of) || Math.abs(difference) <= TOLERANCE);
  writeFileSync(
    join(out, "external-load-generator.json"),
    `${JSON.stringify({ ...results, commands, compared, within }, null, 2)}\n`,
  );
  const text = `# Another load generator's word

guidellm and warmroute-bench, each twice, in the order ours, theirs, theirs, ours; ${results.servers}, started afresh for each.
The same ${results.runs[0]!.requests} requests in the same order, 20 at a time (${results.dataset}). Simulated GPUs. ${results.machine}, ${results.node}, ${results.date}; load of the
machine ${results.load}, ${results.guidellm}.

${markdownTable([
  ["", "warmroute-bench", "guidellm", "difference"],
  ...compared.map(({ title, own, others, decimals, difference }) => [
    title,
    own.toFixed(decimals),
    others.toFixed(decimals),
    `${difference < 0 ? "−" : "+"}${Math.abs(difference * 100).toFixed(1)} %`,
  ]),
])}

Throughput and mean TTFT ${within ? "agree" : "do not agree"} within ${TOLERANCE * 100} %. Each run:

${markdownTable([
  ["", ...COMPARED.map(([, title]) => title)],
  ...results.runs.map((run) => [run.tool, ...COMPARED.map(([of, , decimals]) => run[of].toFixed(decimals))]),
])}

\`\`\`sh
${[results.command, ...commands].join("\n")}
\`\`\`

What the last run of each printed:

\`\`\`
${ORDER.toReversed()
  .filter((tool, i, all) => all.indexOf(tool) === i)
  .map((tool) => results.runs.findLast((run) => run.tool === tool)!.printed.trim())
  .join("\n\n")}
\`\`\`
`;
  writeFileSync(join(out, "external-load-generator.md"), text);
  process.stdout.write(text);
  return within ? 0 : 1;
}
