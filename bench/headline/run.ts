import { Command } from "commander";
import { UsageError } from "../../src/cli/usage-error.js";
import { headline } from "./headline.js";
import { otherGenerator } from "./other-generator.js";
import { realCompute } from "./real-compute.js";

interface Flags {
  readonly out?: string;
  readonly quick: boolean;
  readonly skipSockets: boolean;
  readonly real: boolean;
  readonly guidellm?: string;
  readonly tokenizer: string;
}

const program = new Command("npm run headline --")
  .description("The reference's experiment: pow_of_2 against prefix_aware and every other policy, on simulated GPUs.")
  .helpCommand(false)
  .option(
    "--out <folder>",
    "where results, pictures and reports go (default: bench/results/headline, with --guidellm bench/results)",
  )
  .option("--quick", "few requests and two seeds, to see that it runs", false)
  .option("--skip-sockets", "only in virtual time", false)
  .option("--real", "on replicas that compute instead: llama.cpp with random weights", false)
  .option("--guidellm <program>", "instead: this load generator beside ours, on simulated GPUs")
  .option("--tokenizer <folder>", "for guidellm, of a tokenizer of transformers", "tokenizer")
  .action(async ({ out, quick, skipSockets, real, guidellm, tokenizer }: Flags) => {
    const args = process.argv.slice(2);
    const command = `npm run headline${args.length === 0 ? "" : ` -- ${args.join(" ")}`}`;
    if (guidellm !== undefined) {
      // Its path is nobody's but whose machine it is.
      const shown = "npm run headline -- --guidellm guidellm --tokenizer tokenizer";
      process.exitCode = await otherGenerator({ out: out ?? "bench/results", guidellm, tokenizer }, shown);
      return;
    }
    const folder = out ?? "bench/results/headline";
    process.exitCode = real
      ? await realCompute(folder, command)
      : await headline({ out: folder, quick, sockets: !skipSockets }, command);
  });
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`headline: ${error.message}\n`);
  process.exitCode = 2;
}
