import { Command, CommanderError } from "./commander.js";
import { compareCommand } from "./commands/compare.js";
import { configCommand } from "./commands/config.js";
import { replayCommand } from "./commands/replay.js";
import { serveCommand } from "./commands/serve.js";
import { simulateCommand } from "./commands/simulate.js";
import { UsageError } from "./usage-error.js";
import { packageVersion } from "./version.js";

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
