import { PROFILES } from "../../simulator/index.js";
import { type Command, Option } from "../commander.js";
import { names, nonNegativeNumber, port, positiveInteger, positiveNumber } from "../option-values.js";
import { type SimulateOptions, simulate } from "../simulate.js";

export function simulateCommand(parent: Command): void {
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
