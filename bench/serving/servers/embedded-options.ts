import { type Command, Option } from "commander";
import { nonNegativeNumber, positiveInteger, positiveNumber } from "../../../src/cli/option-values.js";
import { addPolicyFlags, POLICY_OPTIONS } from "../../../src/cli/policy-flags.js";
import { PROFILES, type ProfileName } from "../../../src/simulator/index.js";
import { flag } from "../load/options.js";
import type { EmbeddedOptions } from "./embedded.js";

/** A cluster of ours, by the names of options; those of policies are beside them, by theirs. */
export interface EmbeddedFlags {
  readonly seed: number;
  readonly model?: string;
  readonly profile: ProfileName;
  readonly routers: number;
  readonly tree: "own" | "shared";
  readonly enablePrefixCaching: boolean;
  readonly enableChunkedPrefill: boolean;
  readonly maxOngoingRequests?: number;
  readonly streamBatchMs: number;
  readonly simSpeed: number;
}

/** Adds what gateways and simulated replicas take, and every policy's options. */
export function addEmbeddedOptions(command: Command): Command {
  command
    .addOption(
      new Option("--profile <name>", "GPU and model that replicas behave like")
        .choices(Object.keys(PROFILES))
        .default("l4-qwen2.5-1.5b"),
    )
    .option("--routers <count>", "gateways, which requests go to one after another", positiveInteger, 1)
    .addOption(
      new Option("--tree <whose>", "each a process with a tree of its own, or one process whose routers share one")
        .choices(["own", "shared"])
        .default("own"),
    )
    .addOption(flag("--enable-prefix-caching", "replicas keep a prefix cache", true))
    .addOption(flag("--enable-chunked-prefill", "replicas prefill in chunks beside decoding", true))
    .option(
      "--max-ongoing-requests <count>",
      "most requests of a gateway on one replica (default: no limit)",
      positiveInteger,
    )
    .option("--stream-batch-ms <ms>", "tokens of an answer within so many ms come together", nonNegativeNumber, 0)
    .option("--sim-speed <factor>", "how many times faster than real replicas run", positiveNumber, 1);
  return addPolicyFlags(command);
}

/** @param replicas how many. */
export function embeddedOptionsOf(flags: EmbeddedFlags, replicas: number): EmbeddedOptions {
  const { model, profile, enablePrefixCaching, enableChunkedPrefill, routers, tree, maxOngoingRequests } = flags;
  return {
    replicas,
    routers,
    tree,
    replica: {
      model,
      profile,
      enablePrefixCaching,
      enableChunkedPrefill,
      streamBatchMs: flags.streamBatchMs,
      speed: flags.simSpeed,
    },
    maxOngoingRequests,
    seed: flags.seed,
    policyFlags: policyFlagsOf(flags),
  };
}

/** Options of policies that were given, as a command line has them. */
function policyFlagsOf(flags: object): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (!POLICY_OPTIONS.includes(name) || value === undefined || value === false) return [];
    const dashed = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [dashed] : [dashed, String(value)];
  });
}
