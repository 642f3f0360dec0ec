/** `npm run plot`: `warmroute-bench plot` and `warmroute-bench report` by themselves. */
import { Command } from "commander";
import { UsageError } from "../../src/cli/usage-error.js";
import { registerPlotCommands } from "./commands.js";

// npm starts the script in the workspace's folder, not in the user's.
process.chdir(process.env.INIT_CWD ?? ".");
const program = new Command("warmroute-bench").helpCommand(false);
registerPlotCommands(program);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`warmroute-bench: ${error.message}\n`);
  process.exitCode = 2;
}
