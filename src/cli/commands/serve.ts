import { Argument, type Command, Option } from "../commander.js";
import { givenOptions } from "../given-options.js";
import {
  nonNegativeInteger,
  nonNegativeNumber,
  port,
  positiveInteger,
  positiveNumber,
  replica,
  share,
} from "../option-values.js";
import { addPolicyFlags, policyLines } from "../policy-flags.js";
import { policyValue } from "../policy-module.js";
import { type ServeOptions, serve } from "../serve.js";

export function serveCommand(parent: Command): void {
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
