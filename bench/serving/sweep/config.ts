import { Command, CommanderError } from "commander";
import { parse } from "yaml";
import { addPolicyFlags, POLICY_OPTIONS } from "../../../src/cli/policy-flags.js";
import { policyValue } from "../../../src/cli/policy-module.js";
import { UsageError } from "../../../src/cli/usage-error.js";
import { PROFILES, type ProfileName } from "../../../src/simulator/index.js";
import { addRunOptions, type RunOptions } from "../load/options.js";
import type { CommandServersOptions } from "../servers/commands.js";
import { addEmbeddedOptions, type EmbeddedFlags } from "../servers/embedded-options.js";

/** A sweep, as its YAML file has it, with the reference's names and defaults for what it does not say. */
export interface SweepConfig {
  readonly strategies: readonly Strategy[];
  readonly benchmarkLabel: string;
  readonly gpuType: string;
  readonly numServers: number;
  readonly repeat: number;
  /** Whether custom results are recorded, and how often replicas are scraped for them, s. */
  readonly trackMetrics: boolean;
  readonly trackInterval: number;
  /** Undefined: simulated ones; `llama-cpp`: real ones of random weights. */
  readonly servers?: CommandServersOptions | typeof LLAMA_CPP;
  /** The parameters of each run. */
  readonly run: RunOptions & Omit<EmbeddedFlags, "model">;
}

export interface Strategy {
  readonly name: string;
  /** Name of a policy, path of a module, or `oracle`. */
  readonly policy: string;
  /** Of the policy, in place of those of all strategies. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** In virtual time: it sees into the replicas. */
export const ORACLE = "oracle";
/** Servers that compute: bench/engines/llama-cpp. */
export const LLAMA_CPP = "llama-cpp";

/** Names of the file that are no option of `warmroute-bench serving`. */
const OWN = [
  "routing_strategies_dict",
  "benchmark_label",
  "gpu_type",
  "model_name",
  "router_port",
  "num_servers",
  "repeat",
  "track_metrics",
  "track_interval",
  "servers",
] as const;

/** The reference's, where they are not those of `serving`. */
const RUN_DEFAULTS = { request_rate: 100, max_concurrency: 40, max_ongoing_requests: 20 };

/** What the command line says before the file. */
export type Overrides = Readonly<Record<string, unknown>>;

/** A sweep's configuration with one value of each name that has a list of them. */
export interface Variant {
  /** Those values, for names of files: `disable_stream-true`; empty where there are no lists. */
  readonly name: string;
  readonly config: SweepConfig;
}

/**
 * Reads a configuration. A name with a list of values (`disable_stream: [false, true]`) stands for a sweep with each of them, several such
 * names for one with each combination.
 * @param text of the file.
 * @throws UsageError that names what is wrong, and its value.
 */
export function readConfig(text: string, file: string, overrides: Overrides = {}): Variant[] {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not YAML: ${(error as Error).message.split("\n")[0]}`);
  }
  if (typeof (parsed ?? {}) !== "object" || Array.isArray(parsed)) {
    throw new UsageError(`${file} must have names and values, as "num_prompts: 1000"`);
  }
  const given: Readonly<Record<string, unknown>> = { ...(parsed as object), ...overrides };
  try {
    const names = Object.keys(given).filter((name) => Array.isArray(given[name]) && name !== "routing_strategies_dict");
    if (names.includes("repeat"))
      throw new UsageError("repeat must be one number, not a list: it holds for all variants");
    return combinations(given, names).map((values) => ({
      name: names.map((name) => `${name}-${String(values[name]).replace(/[^\w.-]+/g, "_")}`).join("_"),
      config: configOf(values),
    }));
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${file}: ${error.message}`) : error;
  }
}

function combinations(
  given: Readonly<Record<string, unknown>>,
  [name, ...others]: readonly string[],
): Readonly<Record<string, unknown>>[] {
  if (name === undefined) return [given];
  const values = given[name] as unknown[];
  if (values.length === 0) throw new UsageError(`${name} has an empty list of values`);
  return values.flatMap((value) => combinations({ ...given, [name]: value }, others));
}

function configOf(given: Readonly<Record<string, unknown>>): SweepConfig {
  const gpuType = word(given, "gpu_type", "L4");
  const servers = serversOf(given);
  const run = runOf(given, servers === undefined ? gpuType : undefined);
  if (run.minOutputLen > run.maxOutputLen) {
    throw new UsageError(`min_output_len ${run.minOutputLen} is above max_output_len ${run.maxOutputLen}`);
  }
  return {
    strategies: strategiesOf(given.routing_strategies_dict),
    benchmarkLabel: word(given, "benchmark_label", "prefix_aware_with_eviction"),
    gpuType,
    numServers: whole(given, "num_servers", 4),
    repeat: whole(given, "repeat", 1),
    trackMetrics: truth(given, "track_metrics", true),
    trackInterval: trackIntervalOf(given),
    ...(servers !== undefined && { servers }),
    run,
  };
}

/** A mapping from names to policies, of which none stands for the name, or to mappings of `policy` and its options; or a list of names. */
function strategiesOf(given: unknown): Strategy[] {
  const all = given ?? ["pow_of_2", "prefix_aware"];
  const pairs: [string, unknown][] = Array.isArray(all)
    ? all.map((name) => [String(name), name])
    : typeof all === "object"
      ? Object.entries(all)
      : [[String(all), all]];
  if (pairs.length === 0) throw new UsageError("routing_strategies_dict names no strategy");
  const twice = pairs.find(([name], i) => pairs.findIndex(([other]) => other === name) !== i);
  if (twice !== undefined) {
    throw new UsageError(
      `routing_strategies_dict names ${twice[0]} twice: give each a name of its own, as {a: ${twice[0]}, b: ${twice[0]}}`,
    );
  }
  return pairs.map(([name, policy]) => {
    if (!/^[\w.-]+$/.test(name))
      throw new UsageError(`a strategy's name is part of files' names, and cannot be ${JSON.stringify(name)}`);
    const { policy: named = name, ...options } = (
      typeof policy === "object" && policy !== null ? policy : { policy: policy ?? name }
    ) as Record<string, unknown>;
    try {
      const value = String(named) === ORACLE ? ORACLE : policyValue(String(named));
      return { name, policy: value, options: policyOptions(options) };
    } catch (error) {
      throw new UsageError(`routing_strategies_dict: ${name}: ${String(named)}: ${(error as Error).message}`);
    }
  });
}

/** Options of policies, with `_` for `-`, checked. */
function policyOptions(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const command = addPolicyFlags(new Command("policy"))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const args = Object.entries(given).flatMap(([name, value]) => {
    const dashed = `--${name.replaceAll("_", "-")}`;
    const option = command.options.find(({ long }) => long === dashed);
    if (option === undefined) throw new UsageError(`there is no ${name}; policies have ${POLICY_OPTIONS.join(", ")}`);
    if (!option.isBoolean()) return [`${dashed}=${value === Number.POSITIVE_INFINITY ? "Infinity" : String(value)}`];
    if (typeof value !== "boolean") throw new UsageError(`${name} must be true or false, not ${JSON.stringify(value)}`);
    return value ? [dashed] : [];
  });
  try {
    return command.parse(args, { from: "user" }).opts();
  } catch (error) {
    throw error instanceof CommanderError ? new UsageError(error.message.replace(/^error: /, "")) : error;
  }
}

/** Every other name is an option of `serving`, and read as it reads it. */
function runOf(given: Readonly<Record<string, unknown>>, gpuType: string | undefined): SweepConfig["run"] {
  const command = addEmbeddedOptions(addRunOptions(new Command("serving")))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const names = new Set(command.options.map(({ long }) => long!.slice(2)));
  const args: string[] = [];
  const add = (name: string, value: unknown) => {
    if (value === null || value === undefined) return;
    const dashed = name.replaceAll("_", "-");
    if (!names.has(dashed)) throw new UsageError(`there is no ${name}; ${nearest(dashed, [...names, ...OWN])}`);
    if (dashed === "header" && typeof value === "object") {
      for (const [header, text] of Object.entries(value)) args.push("--header", `${header}=${String(text)}`);
    } else if (typeof value === "object") args.push(`--${dashed}`, JSON.stringify(value));
    else if (value === Number.POSITIVE_INFINITY) args.push(`--${dashed}`, "inf");
    // A policy's flag takes no value.
    else if (value === true && command.options.some((option) => option.long === `--${dashed}` && option.isBoolean())) {
      args.push(`--${dashed}`);
    } else args.push(`--${dashed}=${String(value)}`);
  };
  const own = new Set<string>(OWN);
  const run = { ...RUN_DEFAULTS, ...given };
  for (const [name, value] of Object.entries(run)) if (!own.has(name.replaceAll("-", "_"))) add(name, value);
  add("port", given.router_port);
  const model = word(given, "model_name", "Qwen/Qwen2.5-1.5B-Instruct");
  add("model", model);
  if (given.profile === undefined && gpuType !== undefined) add("profile", profileOf(gpuType, model));
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(error.message.replace(/^error: /, ""));
    throw error;
  }
  return command.opts();
}

/** The simulated profile of a model on a GPU: `l4-qwen2.5-1.5b` of Qwen/Qwen2.5-1.5B-Instruct on an L4. */
function profileOf(gpuType: string, model: string): ProfileName {
  const names = Object.keys(PROFILES) as ProfileName[];
  const gpu = `${gpuType.toLowerCase()}-`;
  const found = names.find((name) => name.startsWith(gpu) && model.toLowerCase().includes(name.slice(gpu.length)));
  if (found !== undefined) return found;
  throw new UsageError(
    `gpu_type ${gpuType} with model_name ${model} has no simulated profile; there are ${names.join(", ")}: name one as profile`,
  );
}

function serversOf({ servers }: Readonly<Record<string, unknown>>): SweepConfig["servers"] {
  if (servers === undefined || servers === null || servers === "simulated") return undefined;
  if (servers === LLAMA_CPP) return LLAMA_CPP;
  if (typeof servers !== "object")
    throw new UsageError(`servers must be simulated or ${LLAMA_CPP}, or have a start, not ${String(servers)}`);
  const { start, stop, url, ready, ready_timeout: timeout, metrics, ...others } = servers as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new UsageError(`servers has no ${unknown}; it takes start, stop, url, ready, ready_timeout and metrics`);
  }
  if (typeof start !== "string") throw new UsageError("servers.start must be a command");
  for (const [name, value] of Object.entries({ stop, url, ready })) {
    if (value !== undefined && typeof value !== "string")
      throw new UsageError(`servers.${name} must be a text, not ${String(value)}`);
  }
  const urls = metrics ?? [];
  if (!Array.isArray(urls) || !urls.every((each) => typeof each === "string" && URL.canParse(each))) {
    throw new UsageError("servers.metrics must be a list of replicas' addresses");
  }
  return {
    start,
    ...(stop !== undefined && { stop: stop as string }),
    ...(url !== undefined && { url: url as string }),
    ...(ready !== undefined && { ready: ready as string }),
    readyTimeoutS: amount({ ready_timeout: timeout }, "ready_timeout", 600),
    metrics: urls,
  };
}

/** A row of each of a replica's metrics comes of each interval. */
const SHORTEST_INTERVAL_S = 0.01;

function trackIntervalOf(given: Readonly<Record<string, unknown>>): number {
  const seconds = amount(given, "track_interval", 1);
  if (seconds >= SHORTEST_INTERVAL_S) return seconds;
  throw new UsageError(`track_interval must be ${SHORTEST_INTERVAL_S} s or more, not ${seconds}`);
}

function word(given: Readonly<Record<string, unknown>>, name: string, byDefault: string): string {
  const value = given[name] ?? byDefault;
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new UsageError(`${name} must be a text, not ${JSON.stringify(value)}`);
}

function whole(given: Readonly<Record<string, unknown>>, name: string, byDefault: number): number {
  const value = Number(given[name] ?? byDefault);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new UsageError(`${name} must be a whole number, 1 or more, not ${JSON.stringify(given[name])}`);
}

function amount(given: Readonly<Record<string, unknown>>, name: string, byDefault: number): number {
  const value = Number(given[name] ?? byDefault);
  if (value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new UsageError(`${name} must be a number above 0, not ${JSON.stringify(given[name])}`);
}

function truth(given: Readonly<Record<string, unknown>>, name: string, byDefault: boolean): boolean {
  const value = given[name] ?? byDefault;
  if (typeof value === "boolean") return value;
  throw new UsageError(`${name} must be true or false, not ${JSON.stringify(value)}`);
}

/** What was perhaps meant: the names with the same words in them. */
function nearest(wrong: string, names: readonly string[]): string {
  const words = wrong.split("-").filter((part) => part.length > 2);
  const like = names
    .map((name) => name.replaceAll("-", "_"))
    .filter((name) => words.some((part) => name.includes(part)));
  return like.length > 0
    ? `there is ${[...new Set(like)].slice(0, 8).join(", ")}`
    : "warmroute-bench serving --help lists them";
}
