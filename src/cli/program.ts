import { readFileSync } from "node:fs";
import { PROFILES } from "../simulator/index.js";
import { workloadCatalog } from "../workloads/index.js";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "./commander.js";
import { assignment, type CompareOptions, compare, policySpecs, specs } from "./compare/index.js";
import { checkConfigFile, printSchema } from "./config/command.js";
import { givenOptions } from "./given-options.js";
import {
  names,
  nonNegativeInteger,
  nonNegativeNumber,
  port,
  positiveInteger,
  positiveNumber,
  replica,
  share,
} from "./option-values.js";
import { addPolicyFlags, policyLines } from "./policy-flags.js";
import { policyList, policyValue, RECORDED } from "./policy-module.js";
import { type ReplayCommandOptions, replayJournal } from "./replay.js";
import { type ServeOptions, serve } from "./serve.js";
import { type SimulateOptions, simulate } from "./simulate.js";
import { UsageError } from "./usage-error.js";

/**
 * Runs the command line.
 * @param args what follows the program's name.
 * @returns the exit code: 0, or 2 for a wrong command line or configuration or a port that cannot be had, after a line on stderr for
 * each thing that is wrong.
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program(args).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof UsageError)) throw error;
    for (const line of error.message.split("\n")) process.stderr.write(`warmroute: ${line}\n`);
    return 2;
  }
}

function program(args: readonly string[]): Command {
  const command = new Command("warmroute")
    .description("Routes LLM requests to the replica whose prefix cache is warm for them.")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "warmroute: ").replace(/\s*\n(?=.)/g, " ")),
    });
  serveCommand(command);
  configCommand(command);
  simulateCommand(command);
  replayCommand(command);
  compareCommand(command, args);
  return command;
}

function serveCommand(parent: Command): void {
  const command = parent
    .command("serve")
    .description("Serve an OpenAI-compatible gateway in front of replicas.")
    .addArgument(
      new Argument(
        "[config]",
        "configuration file in YAML or JSON (docs/configuration.md); flags win over it",
      ).argOptional(),
    )
    .option("--port <number>", "port to listen on; 0 takes a free one", port, 8000)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .optionsGroup("Replicas (one of the two, without a file):")
    .addOption(
      new Option("--embedded <count>", "start this many simulated replicas, each on a loopback port of its own")
        .argParser(positiveInteger)
        .conflicts("replica"),
    )
    .option(
      "--replica <url>",
      "address of a replica, or id=address; repeat it for each one, or put commas between them",
      replica,
    )
    .option(
      "--max-ongoing-requests <count>",
      "most requests at once on one replica (default: no limit)",
      positiveInteger,
    )
    .option("--sim-speed <factor>", "how many times faster than real the simulated replicas run", positiveNumber, 1)
    .optionsGroup("Routing:")
    .option(
      "--policy <name>",
      "how a replica is chosen: one of those below, or the path of a module",
      policyValue,
      "prefix_aware",
    )
    .addOption(
      new Option("--insert-at <moment>", "when a text enters the tree: when its replica is chosen, or has accepted it")
        .choices(["choice", "accept"])
        .default("choice"),
    )
    .option("--seed <number>", "seed of what is left to chance", nonNegativeInteger, 0);
  addPolicyFlags(command)
    .optionsGroup("Gateway:")
    .option("--max-body-bytes <bytes>", "largest body that is accepted", positiveInteger, 8 * 1024 * 1024)
    .option("--dashboard", "make an admin token for as long as it runs, and print the address of the dashboard", false)
    .option("--replica-header", "name the replica in each answer's x-warmroute-replica", false)
    .option("--drain-timeout <seconds>", "how long a stop waits for open answers", nonNegativeNumber, 30)
    .optionsGroup("Output:")
    .option("--json-log", "print JSON, one object a line", false)
    .option("--log-file <file>", "append the lines of requests to it; SIGHUP opens it anew (docs/access-log.md)")
    .option("--log-sample <share>", "share of the requests that end well that have a line, 0 to 1", share, 1)
    .option("--quiet", "print no line a request", false)
    .option("--tracing", "trace requests with OpenTelemetry, set by OTEL_* (docs/tracing.md)", false)
    .option("--record <file>", "write a journal of all requests, texts included, for warmroute replay")
    .option("--record-salt <text>", "write no texts into it, but hashes of their blocks with this salt")
    .option("--track <folder>", "write loads, match rates, stages and the like as CSV files (docs/results-format.md)")
    .option("--track-interval <seconds>", "time between two rows of load and of characters", positiveNumber, 1)
    .addHelpText(
      "after",
      `
Policies:
${policyLines()}

Examples:
  warmroute serve config.yaml
  warmroute serve --embedded 4 --replica-header
  warmroute serve --replica http://10.0.0.1:8000 --replica b=http://10.0.0.2:8000 --max-ongoing-requests 64

Each option can be given by the environment: WARMROUTE_PORT=8080, WARMROUTE_QUIET=true, WARMROUTE_CONFIG=config.yaml. The command line wins
over the environment, and the environment over the file.

SIGINT and SIGTERM take no new work, wait for open answers and exit with 0; a second one exits at once. With a file, SIGHUP reads it anew, as
does a change of it.`,
    )
    .action((file: string | undefined, _: unknown, given: Command) =>
      serve(file ?? fileOfEnvironment(), givenOptions(given, process.env) as ServeOptions),
    );
}

function fileOfEnvironment(): string | undefined {
  return process.env.WARMROUTE_CONFIG || undefined;
}

function configCommand(parent: Command): void {
  const command = parent.command("config").description("Check a configuration file, or print the schema of one.");
  command
    .command("check")
    .description(
      "Read a configuration file as serve does, and say what is wrong with it; the exit code is 0 if nothing is.",
    )
    .argument("<file>", "in YAML or JSON")
    .action((file: string) => checkConfigFile(file));
  command
    .command("schema")
    .description("Print the JSON Schema of configuration files, for editors.")
    .action(() => printSchema());
}

function simulateCommand(parent: Command): void {
  parent
    .command("simulate")
    .description("Serve simulated vLLM replicas on consecutive ports.")
    .option("--replicas <count>", "how many", positiveInteger, 1)
    .option("--port <number>", "port of the first; 0 takes free ones", port, 8001)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("--processes <how>", "one for all replicas, or one for each").choices(["one", "each"]).default("one"),
    )
    .optionsGroup("What they are like:")
    .option(
      "--profile <name>",
      `${Object.keys(PROFILES).join(", ")}, or a .json file with a profile's figures`,
      "l4-qwen2.5-1.5b",
    )
    .option("--model <name>", "the model that they say they serve (default: the profile's)")
    .option("--loras <names>", "LoRA adapters that can be asked for as model too, by commas", names)
    .option("--max-num-seqs <count>", "most sequences that run at once (default: the profile's)", positiveInteger)
    .option(
      "--max-ongoing-requests <count>",
      "most requests at once on one replica (default: no limit)",
      positiveInteger,
    )
    .option("--no-prefix-caching", "find no prefix again")
    .option("--no-chunked-prefill", "compute each prompt in one step")
    .option(
      "--stream-batch-ms <ms>",
      "tokens within so many ms of the last ones sent reach the client together",
      nonNegativeNumber,
      0,
    )
    .option(
      "--metrics-interval-ms <ms>",
      "/metrics tells what was so at the last of these intervals; 0: what is so",
      nonNegativeNumber,
      0,
    )
    .option("--sim-speed <factor>", "how many times faster than real they run", positiveNumber, 1)
    .optionsGroup("KV events:")
    .option("--kv-events", "tell at /kv_events what the caches store and remove", false)
    .option("--kv-events-endpoint <address>", "publish them over ZeroMQ too; each replica takes the next port")
    .option("--kv-events-replay-endpoint <address>", "and replay them from there")
    .optionsGroup("Faults:")
    .option("--faults <file>", "JSON: an array of what is to go wrong, and when (docs/simulator.md)")
    .addHelpText(
      "after",
      `
Examples:
  warmroute simulate --replicas 4 --profile l4-qwen2.5-1.5b --port 8001
  warmroute simulate --processes each --replicas 2 --metrics-interval-ms 10000
  curl -X POST localhost:8001/admin/faults -d '{"kind":"cut","afterTokens":5,"requests":1}'

SIGINT and SIGTERM cut what is open, stop all replicas and exit with 0.`,
    )
    .action((options: SimulateOptions) => simulate(options));
}

function replayCommand(parent: Command): void {
  const command = parent
    .command("replay")
    .description("What other policies would have made of the requests of a recorded journal.")
    .argument("<journal>", "file of router.record() or serve --record, also packed (.gz); - is the standard input")
    .option(
      "--policy <names>",
      `policies or modules, by commas; ${RECORDED} is the recorded one, whatever options are given`,
      policyList,
      [RECORDED],
    )
    .option("--seed <number>", "seed of what is left to chance (default: as recorded)", nonNegativeInteger)
    .addOption(
      new Option("--insert-at <moment>", "when a text enters the tree (default: as recorded)").choices([
        "choice",
        "accept",
      ]),
    )
    .addOption(
      new Option("--matching <rule>", "whom a freed place goes to (default: as recorded)").choices(["exact", "fifo"]),
    )
    .option(
      "--cache-chars <count>",
      "characters that a replica is taken to keep of what it was sent, for counting hits (default: no limit)",
      positiveInteger,
    )
    .option("--json", "print the reports as JSON", false)
    .option("--quiet", "show no progress", false);
  addPolicyFlags(command)
    .addHelpText(
      "after",
      `
Each request comes, is accepted and ends when it did in the journal, on whatever replica the policy sends it to: times of answers are
the recorded ones, not a simulation's.

Columns: hit chars, hit tokens: share of all prompts that the chosen replica had been sent before. possible: what some replica had
been sent. moves: later turns of a conversation that went to another replica. imbalance: requests of the busiest replica by the average.
hotspot: longest queue by the average. as recorded: decisions for the replica that was chosen then.

Example:
  warmroute replay journal.jsonl --policy ${RECORDED},prefix_aware,kv_cost --imbalanced-threshold 10`,
    )
    .action((file: string, options: ReplayCommandOptions) => replayJournal(file, options));
}

function compareCommand(parent: Command, args: readonly string[]): void {
  parent
    .command("compare")
    .description("Compare policies on simulated replicas in virtual time.")
    .optionsGroup("What is compared:")
    .option("--workload <names>", "workloads, by commas", (value: string) => value.split(","), ["reference"])
    .option("--policy <names>", "policies, by commas, with options as name:option=value (default: all)", policySpecs)
    .option("--seeds <count>", "runs of each, with seeds 1, 2, 3 …", positiveInteger, 5)
    .option("--requests <count>", "requests of a run (default: the workload's)", positiveInteger)
    .option("--param <name=value>", "a parameter of the workload; repeat it for each one", assignment)
    .option("--data <file>", "file of a workload that is read (default: its own in $WARMROUTE_DATA, else ./data)")
    .optionsGroup("Replicas and routers:")
    .option("--replicas <count>", "how many", positiveInteger, 4)
    .option(
      "--profile <names>",
      "profiles, by commas, with figures as name:figure=value (default: l4-qwen2.5-1.5b)",
      specs,
    )
    .option("--max-ongoing-requests <count>", "most requests at once on one replica", positiveInteger, 20)
    .option("--cache <size>", "profile, ample, tight, or blocks of 16 tokens a replica", cacheSize, "profile")
    .option(
      "--stream-batch-ms <ms>",
      "tokens that come within so many ms come out together (default: 0)",
      nonNegativeNumber,
    )
    .option("--routers <count>", "routers, each with leases of its own", positiveInteger, 1)
    .addOption(
      new Option("--tree <kind>", "one tree for all routers, or one each").choices(["shared", "own"]).default("shared"),
    )
    .option("--load-report-ms <ms>", "time between reports of the replicas' loads; 0: none", nonNegativeNumber, 0)
    .option("--load-report-age-ms <ms>", "how old a report is when it comes", nonNegativeNumber, 0)
    .addOption(new Option("--insert-at <moment>", "as in serve").choices(["choice", "accept"]).default("choice"))
    .addOption(
      new Option("--matching <rule>", "whom a freed place goes to").choices(["exact", "fifo"]).default("exact"),
    )
    .optionsGroup("Clients:")
    .addOption(
      new Option("--client <kind>", "closed: so many at a time; open: Poisson; trace: the workload's times")
        .choices(["closed", "open", "trace"])
        .default("closed"),
    )
    .option("--concurrency <count>", "requests at a time (default: 10 a replica)", positiveInteger)
    .option(
      "--rate <number>",
      "requests a second; closed: as they come before they wait (default: 25 a replica)",
      positiveNumber,
    )
    .option(
      "--load <share>",
      "open: share of the throughput at which pow_of_2 saturates, in place of a rate",
      positiveNumber,
    )
    .option("--speedup <factor>", "trace: how many times faster", positiveNumber)
    .option("--think-ms <ms>", "mean time from an answer to the next turn, exponential", nonNegativeNumber, 0)
    .option(
      "--open-conversations <count>",
      "conversations to draw a turn from (default: 3 times the concurrency)",
      positiveInteger,
    )
    .optionsGroup("Output:")
    .option("--json", "print JSON", false)
    .option("--runs", "each run's result in the JSON too", false)
    .option("--out <file>", "write the JSON to a file, and the tables as Markdown beside it")
    .option("--quiet", "show no progress", false)
    .addHelpText(
      "after",
      `
Nothing is measured here: engines, clients and time are simulated, the routers are real (docs/simulation.md).

Workloads:
${Object.entries(workloadCatalog)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join("\n")}

Policies:
${policyLines()}
  oracle           sees into the replicas: least predicted time to first token

Columns: ratio: to pow_of_2 with the same seeds. hit: prompt tokens found in a cache. of ∞, of one: as a share of what one endless cache, and
one as large as all together, would have had. load CV: standard deviation by mean of the replicas' requests, over time. hot spot: requests of
the busiest replica by the average. error p95: cached tokens predicted by the router less those there were, absolute.

Examples:
  warmroute compare --workload reference
  warmroute compare --workload chat,gsp --policy pow_of_2,prefix_aware:imbalancedThreshold=10,oracle --client open --load 0.9`,
    )
    .action((options: CompareOptions) => compare(options, `warmroute ${args.join(" ")}`, packageVersion()));
}

function cacheSize(value: string): CompareOptions["cache"] {
  if (value === "profile" || value === "ample" || value === "tight") return value;
  if (/^\d+$/.test(value) && Number(value) > 0) return Number(value);
  throw new InvalidArgumentError("It must be profile, ample, tight, or a number of blocks.");
}

function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return manifest.version;
}
