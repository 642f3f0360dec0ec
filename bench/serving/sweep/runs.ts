import { POLICY_OPTIONS } from "../../../src/cli/policy-flags.js";
import { POLICIES, type PolicyName } from "../../../src/routing/index.js";
import type { RunReport } from "../load/report.js";
import type { Strategy, SweepConfig, Variant } from "./config.js";
import type { EngineFigures } from "./engine-metrics.js";

/** One strategy, one time. */
export interface Run {
  readonly name: string;
  /** What it is called in the table of all. */
  readonly row: string;
  readonly strategy: Strategy;
  /** With the run's own seed, and of policies' options those that are this one's. */
  readonly config: SweepConfig;
  /** From 1. */
  readonly repeat: number;
}

/** What came of one. */
export interface Outcome {
  readonly report: RunReport;
  /** Of the run before on the same servers; null without one. */
  readonly warmup: RunReport | null;
  readonly engines: EngineFigures;
  readonly model: string;
}

/** A B B A: whatever drifts (heat, a neighbour's load) meets all alike. */
export function runsOf(variants: readonly Variant[]): Run[] {
  const once = variants.flatMap(({ name: variant, config }) =>
    config.strategies.map((strategy) => {
      const words = [config.benchmarkLabel, strategy.name, variant].filter((word) => word !== "");
      const name = words.join("_").replace(/[^\w.-]+/g, "_");
      const run = { ...optionsFor(strategy.policy, config.run), ...strategy.options };
      return { name, row: [strategy.name, variant].join(" ").trim(), strategy, config: { ...config, run } };
    }),
  );
  const { repeat } = variants[0]!.config;
  return Array.from({ length: repeat }, (_, i) =>
    (i % 2 === 0 ? once : once.toReversed()).map(({ name, config, ...run }) => ({
      ...run,
      name: repeat === 1 ? name : `${name}_${i + 1}`,
      repeat: i + 1,
      config: { ...config, run: { ...config.run, seed: config.run.seed + i } },
    })),
  ).flat();
}

/** Options of policies that stand in the file for all go to those that take them. */
function optionsFor(policy: string, run: SweepConfig["run"]): SweepConfig["run"] {
  if (!isNamed(policy)) return run;
  const taken = Object.entries(run).filter(
    ([name]) => !POLICY_OPTIONS.includes(name) || Object.hasOwn(POLICIES[policy].options, name),
  );
  return Object.fromEntries(taken) as unknown as SweepConfig["run"];
}

/** The options that a run's policy has, with the defaults of those that nobody gave. */
export function policyOptionsOf({ strategy: { policy }, config: { run } }: Run): Readonly<Record<string, unknown>> {
  const defaults = isNamed(policy)
    ? Object.entries(POLICIES[policy].options).map(([name, option]) => [name, option.default] as const)
    : [];
  const given = Object.entries(run).filter(([name]) => POLICY_OPTIONS.includes(name));
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(given) };
}

/** As `warmroute compare` writes them: `prefix_aware:imbalancedThreshold=10`. */
export function policyLabel({ policy, options }: Strategy): string {
  return [policy, ...Object.entries(options).map(([name, value]) => `${name}=${String(value)}`)].join(":");
}

function isNamed(policy: string): policy is PolicyName {
  return Object.hasOwn(POLICIES, policy);
}
