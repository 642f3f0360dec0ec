import { type Command, Option } from "../commander.js";
import { nonNegativeInteger, positiveInteger } from "../option-values.js";
import { addPolicyFlags } from "../policy-flags.js";
import { policyList, RECORDED } from "../policy-module.js";
import { type ReplayCommandOptions, replayJournal } from "../replay.js";

export function replayCommand(parent: Command): void {
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
