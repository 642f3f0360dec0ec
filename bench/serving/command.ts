import { Command } from "commander";
import { positiveInteger } from "../../src/cli/option-values.js";
import { policyLines } from "../../src/cli/policy-flags.js";
import { policyValue } from "../../src/cli/policy-module.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { addRunOptions, flag } from "./load/options.js";
import { addEmbeddedOptions } from "./servers/embedded-options.js";
import { type ServingOptions, serving } from "./serving.js";

/** `warmroute-bench serving`. */
export function servingCommand(program: Command, exitWith: (code: number) => void): void {
  const command = program
    .command("serving")
    .description("Load one server, or a simulated cluster that it starts itself, and print what came of it.");
  addRunOptions(command)
    .option("--output-file <file>", "append one line of JSON")
    .addOption(flag("--output-details", "every request in that line", false))
    .option("--tag <text>", "a name for the run in that line")
    .optionsGroup("A cluster of its own:")
    .option("--embedded <count>", "start a gateway and this many simulated replicas", positiveInteger)
    .option(
      "--policy <name>",
      "how the gateway routes: a policy's name or a module's path",
      policyValue,
      "prefix_aware",
    );
  addEmbeddedOptions(command)
    .addHelpText(
      "after",
      `
Policies:
${policyLines()}

Exit codes: 0; 1 no request was answered; 2 a wrong command line, no server, an unreadable dataset; 3 answers had no usage, so that
figures of tokens are those asked for; 130 after Ctrl-C, with figures of what there was.

Examples:
  warmroute-bench serving --embedded 4 --policy prefix_aware --request-rate 100 --max-concurrency 40
  warmroute-bench serving --base-url http://127.0.0.1:8000 --dataset-name sharegpt --dataset-path sharegpt.json`,
    )
    .action(async (options: ServingOptions, given: Command) => {
      checkWhose(given);
      exitWith(await serving(options));
    });
}

/** @throws UsageError for options of a cluster of one's own beside a server that is there already: they would do nothing. */
function checkWhose(given: Command): void {
  const isGiven = (name: string) => given.getOptionValueSource(name) === "cli";
  const dashed = (name: string) => given.options.find((option) => option.attributeName() === name)!.long!;
  if (isGiven("embedded")) {
    const address = ["baseUrl", "host", "port"].find(isGiven);
    if (address === undefined) return;
    throw new UsageError(
      `give --embedded or ${dashed(address)}, not both: one starts a server, the other names one that is there`,
    );
  }
  const own = addEmbeddedOptions(new Command()).options.map((option) => option.attributeName());
  const unused = ["policy", ...own].find(isGiven);
  if (unused !== undefined) {
    throw new UsageError(
      `${dashed(unused)} is of a cluster that --embedded <count> starts: a server that is there has its own`,
    );
  }
}
