/** `npm run bench`: the tree's operations timed, or compared with their goals. `--help` names the options. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { plotOperationBenchmark, toSvg } from "../plots/index.js";
import { verdict } from "./check/goal.js";
import { checkGoals } from "./check/run.js";
import { compare } from "./compare.js";
import { thisMachine } from "./machine.js";
import { HELP, type Options, readOptions } from "./options.js";
import { markdown } from "./report/markdown.js";
import { chartName, putIntoReadme } from "./report/readme.js";
import { type Results, readResults } from "./report/results.js";

const options = optionsOrExit();
const run = {
  command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
  date: new Date().toISOString(),
  machine: thisMachine(),
};
try {
  if (options.help) process.stdout.write(`${HELP}\n`);
  else if (options.check) await runCheck(options);
  else await runSuite(options);
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function runSuite(options: Options): Promise<void> {
  const results = await resultsOf(options);
  const report = markdown(results);
  const data = `${JSON.stringify(results, null, 2)}\n`;
  process.stdout.write(options.json === "-" ? data : `${report}\n`);
  if (options.json !== undefined && options.json !== "-") write(options.json, data);
  if (options.out !== undefined) {
    write(join(options.out, "operations.md"), `${report}\n`);
    for (const workload of new Set(results.workloads.map((each) => each.workload))) {
      const chart = await toSvg(plotOperationBenchmark({ file: results, workload }), "auto");
      write(join(options.out, chartName(workload)), chart);
    }
  }
  if (options.readme !== undefined) {
    const folder = relative(dirname(options.readme), options.out ?? dirname(options.readme));
    write(options.readme, putIntoReadme(readFileSync(options.readme, "utf8"), results, folder));
  }
  if (results.failed.length > 0) process.exitCode = 1;
}

async function resultsOf(options: Options): Promise<Results> {
  if (options.from !== undefined) return readResults(options.from);
  const { seed, timeMs } = options;
  return { ...run, seed, timeMs, ...(await compare(options)) };
}

async function runCheck(options: Options): Promise<void> {
  const { parts, seed, passes, json } = options;
  const { machine } = run;
  if (json !== "-") process.stdout.write(`Node ${machine.node}, ${machine.cpu} × ${machine.cores}; ${passes} passes\n`);
  const goals = await checkGoals(parts, options, json === "-" ? process.stderr : process.stdout);
  const judged = goals.map((goal) => ({ ...goal, verdict: verdict(goal) }));
  const data = `${JSON.stringify({ ...run, seed, passes, goals: judged }, null, 2)}\n`;
  if (json === "-") process.stdout.write(data);
  else if (json !== undefined) write(json, data);
  if (judged.some((goal) => goal.verdict === "miss")) process.exitCode = 1;
}

function write(file: string, contents: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
  process.stderr.write(`written to ${file}\n`);
}

function optionsOrExit(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\nTry npm run bench -- --help\n`);
    process.exit(2);
  }
}
