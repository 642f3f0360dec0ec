import type { Command } from "../commander.js";
import { checkConfigFile, printSchema } from "../config/command.js";

export function configCommand(parent: Command): void {
  const command = parent
    .command("config")
    .description("Check a configuration file, or print the schema of one.")
    .helpCommand(false);
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
