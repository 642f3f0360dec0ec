import { workloadCatalog } from "../../workloads/index.js";
import { type Command, InvalidArgumentError, Option } from "../commander.js";
import { assignment, type CompareOptions, compare, policySpecs, specs } from "../compare/index.js";
import { nonNegativeNumber, positiveInteger, positiveNumber } from "../option-values.js";
import { policyLines } from "../policy-flags.js";
import { packageVersion } from "../version.js";

export function compareCommand(parent: Command, args: readonly string[]): void {
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
