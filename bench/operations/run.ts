/** `npm run bench`: the tree's operations timed, or compared with their goals. `--help` names the options. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { verdict } from "./check/goal.js";
import { checkGoals } from "./check/run.js";
import { compare } from "./compare.js";
import { thisMachine } from "./machine.js";
import { HELP, type Options, readOptions } from "./options.js";
import { chart } from "./report/chart.js";
import { markdown } from "./report/markdown.js";

const options = optionsOrExit();
const run = {
  command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
  date: new Date().toISOString(),
  machine: thisMachine(),
};
if (options.help) process.stdout.write(`${HELP}\n`);
else if (options.check) await runCheck(options);
else await runSuite(options);

async function runSuite(options: Options): Promise<void> {
  const { seed, timeMs, json, out } = options;
  const results = { ...run, seed, timeMs, ...(await compare(options)) };
  const report = markdown(results);
  process.stdout.write(`${report}\n`);
  if (json !== undefined) write(json, `${JSON.stringify(results, null, 2)}\n`);
  if (out === undefined) return;
  write(join(out, "operations.md"), `${report}\n`);
  write(join(out, "operations.svg"), chart(results));
}

async function runCheck({ seed, passes, json }: Options): Promise<void> {
  const { machine } = run;
  process.stdout.write(`Node ${machine.node}, ${machine.cpu} × ${machine.cores}; ${passes} passes\n`);
  const goals = (await checkGoals(seed, passes)).map((goal) => ({ ...goal, verdict: verdict(goal) }));
  if (json !== undefined) write(json, `${JSON.stringify({ ...run, seed, passes, goals }, null, 2)}\n`);
  if (goals.some((goal) => goal.verdict === "miss")) process.exitCode = 1;
}

function write(name: string, contents: string): void {
  // npm starts the script in the workspace's folder, not in the user's.
  const file = resolve(process.env.INIT_CWD ?? ".", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
  process.stderr.write(`written to ${file}\n`);
}

function optionsOrExit(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exit(2);
  }
}
