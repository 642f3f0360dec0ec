import type { AppConfig, ModelConfig, ReplicaConfig } from "../../app/index.js";
import { isModulePath } from "../../app/index.js";
import { POLICIES, type PolicyName, type RouterOptions } from "../../routing/index.js";
import type { ReplicaAddress } from "../option-values.js";
import { POLICY_OPTIONS } from "../policy-flags.js";
import { UsageError } from "../usage-error.js";

/** Those flags of `warmroute serve` that were given, on the command line or by the environment, and that a file could say too. */
export interface ConfigFlags {
  readonly port?: number;
  readonly host?: string;
  readonly embedded?: number;
  readonly replica?: readonly ReplicaAddress[];
  readonly maxOngoingRequests?: number;
  readonly simSpeed?: number;
  /** Its name, or the path of a module. */
  readonly policy?: string;
  readonly insertAt?: NonNullable<RouterOptions["insertAt"]>;
  readonly seed?: number;
  readonly maxBodyBytes?: number;
  readonly replicaHeader?: boolean;
  readonly drainTimeout?: number;
  readonly tracing?: boolean;
  readonly jsonLog?: boolean;
  readonly logFile?: string;
  readonly logSample?: number;
  readonly quiet?: boolean;
}

/**
 * What the flags alone say, without a file.
 * @throws UsageError where they name no replica.
 */
export function configOfFlags(flags: ConfigFlags): AppConfig {
  return withFlags({ models: [{ replicas: replicasOf(flags) }] }, flags);
}

/** @throws UsageError for flags that a file cannot be given with, since they name replicas. */
export function checkFlagsOfFile(flags: ConfigFlags): void {
  for (const name of ["embedded", "replica", "simSpeed"] as const) {
    if (flags[name] === undefined) continue;
    throw new UsageError(`--${dashed(name)} is not for use with a configuration file, which names the replicas`);
  }
}

/** What a file says, with what the flags say in its place; those about policies hold for every model. */
export function withFlags(config: AppConfig, flags: ConfigFlags): AppConfig {
  const { port, host, maxBodyBytes, replicaHeader, drainTimeout, tracing } = flags;
  const { jsonLog, logFile, logSample, quiet } = flags;
  const models = config.models.map((model) => modelWithFlags(model, flags));
  checkPolicyFlags(models, flags);
  return {
    ...config,
    models,
    listen: { ...config.listen, ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
    ...(replicaHeader !== undefined && { replicaHeader }),
    ...(drainTimeout !== undefined && { drainTimeoutSecs: drainTimeout }),
    ...(tracing !== undefined && { tracing }),
    log: {
      ...config.log,
      ...(logFile !== undefined && { file: logFile }),
      ...(logSample !== undefined && { sample: logSample }),
      ...(jsonLog !== undefined && { format: jsonLog ? ("json" as const) : ("text" as const) }),
      ...(quiet !== undefined && { requests: !quiet }),
    },
  };
}

function replicasOf({ embedded, replica, simSpeed }: ConfigFlags): ReplicaConfig[] {
  const simulated = simSpeed === undefined ? {} : { speed: simSpeed };
  if (embedded !== undefined && replica !== undefined)
    throw new UsageError("give one of --embedded and --replica, not both");
  if (embedded !== undefined) return Array.from({ length: embedded }, () => ({ simulated }));
  if (replica !== undefined) return replica.map(({ id, url }) => ({ id, url }));
  throw new UsageError("nothing to serve: give a configuration file, --embedded <count> or --replica <url>");
}

function modelWithFlags(model: ModelConfig, flags: ConfigFlags): ModelConfig {
  const { policy, insertAt, seed, maxOngoingRequests } = flags;
  // The options of one policy are not another one's.
  const isOther = policy !== undefined && policy !== (model.policy ?? "prefix_aware");
  const policyOptions = { ...(isOther ? {} : model.policyOptions), ...policyFlags(policy ?? model.policy, flags) };
  const { policyOptions: _, ...rest } = model;
  return {
    ...rest,
    ...(policy !== undefined && { policy }),
    ...(Object.keys(policyOptions).length > 0 && { policyOptions }),
    ...(insertAt !== undefined && { insertAt }),
    ...(seed !== undefined && { seed }),
    ...(maxOngoingRequests !== undefined && { maxOngoingRequests }),
  };
}

function policyFlags(policy: ModelConfig["policy"] = "prefix_aware", flags: object): object {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => optionsOf(policy).includes(name)));
}

/** @throws UsageError for an option that no model's policy has. */
function checkPolicyFlags(models: readonly ModelConfig[], flags: object): void {
  const policies = models.map(({ policy = "prefix_aware" }) => policy);
  const names = policies.flatMap(optionsOf);
  for (const name of Object.keys(flags)) {
    if (!POLICY_OPTIONS.includes(name) || names.includes(name)) continue;
    const all = [...new Set(policies)].join(", ");
    throw new UsageError(
      `unknown option ${JSON.stringify(name)} for policy ${all}; there are ${[...new Set(names)].join(", ") || "none"}`,
    );
  }
}

/** A module's policy may have any. */
function optionsOf(policy: ModelConfig["policy"]): readonly string[] {
  if (typeof policy !== "string" || isModulePath(policy)) return POLICY_OPTIONS;
  return Object.keys(POLICIES[policy as PolicyName].options);
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
