import { Command, CommanderError } from "commander";
import { UsageError } from "../src/cli/usage-error.js";
import { fileFault } from "./file-fault.js";
import manifest from "./package.json" with { type: "json" };
import { registerPlotCommands } from "./plots/index.js";
import { servingCommand } from "./serving/command.js";
import { sweepCommand } from "./serving/sweep/command.js";

/**
 * Runs the command line.
 * @param args what follows the program's name.
 * @returns the exit code; 2, after one line on stderr, for what the person at the keyboard can put right.
 */
export async function run(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command("warmroute-bench")
    .description("Loads servers of LLMs, compares routing policies, and draws what came of it.")
    .version(manifest.version, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "warmroute-bench: ").replace(/\s*\n(?=.)/g, " ")),
    });
  const exitWith = (value: number) => {
    code = value;
  };
  servingCommand(program, exitWith);
  sweepCommand(program, exitWith);
  registerPlotCommands(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const message = error instanceof UsageError ? error.message : fileFault(error);
    if (message === null) throw error;
    process.stderr.write(`warmroute-bench: ${message}\n`);
    return 2;
  }
}
