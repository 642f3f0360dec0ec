import { type Command, InvalidArgumentError, Option } from "commander";
import { positiveInteger } from "../../../src/cli/option-values.js";
import { flag } from "../load/options.js";
import { SweepFiles } from "./files.js";
import { checkFree } from "./lock.js";
import { sweep } from "./sweep.js";

interface SweepFlags {
  readonly out: string;
  readonly virtual: boolean;
  readonly fresh: boolean;
  readonly repeat?: number;
  readonly routers?: number;
  readonly tree?: string;
  readonly withWarmup?: boolean;
  readonly disableStream?: boolean;
  readonly set: Readonly<Record<string, unknown>>;
}

/** `warmroute-bench sweep` and `warmroute-bench clean`. */
export function sweepCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command("sweep")
    .description("Compare routing strategies: the same requests to servers of each, started afresh.")
    .argument("<config>", "YAML file; what it does not say has the defaults of Ray's benchmark")
    .option("--out <folder>", "where csv_results/, custom_results/ and logs/ go", ".")
    .addOption(flag("--virtual", "simulate in virtual time: seconds instead of minutes, the same files", false))
    .addOption(flag("--fresh", "do again what a stopped sweep has done", false))
    .optionsGroup("In place of what the file says:")
    .option("--repeat <count>", "runs of each strategy, in the order A B B A", positiveInteger)
    .option("--routers <count>", "routers in front of the replicas", positiveInteger)
    .addOption(new Option("--tree <whose>", "whether routers share a tree").choices(["own", "shared"]))
    .addOption(flag("--with-warmup", "each run twice on the same servers", false).default(undefined))
    .addOption(flag("--disable-stream", "ask for whole answers", false).default(undefined))
    .option("--set <name=value>", "any other name of the file; repeat it for more", setting, {})
    .addHelpText(
      "after",
      `
Example, with the reference's defaults but for the label:
  benchmark_label: first_try
  routing_strategies_dict: {pow_of_2: pow_of_2, prefix_aware: prefix_aware}
  num_servers: 4
  num_prompts: 1000
  max_concurrency: 40
  request_rate: 100

Any option of warmroute-bench serving and of a policy can stand in it, with _ for -. A stopped sweep goes on when the same command is
given again.

Exit codes: 0; 1 a strategy failed (the others are done); 2 a wrong file or command line; 3 answers had no usage; 130 after Ctrl-C.`,
    )
    .action(async (file: string, { out, virtual, fresh, set, ...flags }: SweepFlags) => {
      const named = {
        repeat: flags.repeat,
        routers: flags.routers,
        tree: flags.tree,
        with_warmup: flags.withWarmup,
        disable_stream: flags.disableStream,
      };
      const overrides = {
        ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
        ...set,
      };
      const command = ["warmroute-bench", ...process.argv.slice(2)].map(quoted).join(" ");
      exitWith(await sweep(file, { out, virtual, fresh, overrides, command }));
    });
  program
    .command("clean")
    .description("Remove the logs that sweeps have left.")
    .option("--out <folder>", "the sweep's folder", ".")
    .action(({ out }: { out: string }) => {
      const files = new SweepFiles(out);
      checkFree(files.lock);
      const removed = files.removeLogs();
      process.stdout.write(removed > 0 ? `removed ${removed} logs of ${out}/logs\n` : `there are no logs in ${out}\n`);
    });
}

function setting(value: string, before: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const at = value.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be name=value.");
  const text = value.slice(at + 1);
  const read = text === "true" ? true : text === "false" ? false : text;
  return { ...before, [value.slice(0, at).replaceAll("-", "_")]: read };
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
