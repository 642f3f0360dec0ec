import { CACHE_AWARE, type CacheAwareOptions, cacheAware } from "./cache-aware.js";
import { CONSISTENT_HASH, type ConsistentHashOptions, consistentHash } from "./consistent-hash.js";
import { KV_COST, type KvCostOptions, kvCost } from "./kv-cost.js";
import { leastRequests } from "./least-requests.js";
import { type OptionTable, type PolicyOption, valuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment } from "./policy.js";
import { powOf2 } from "./pow-of-2.js";
import { checkPrefixAware, PREFIX_AWARE, type PrefixAwareOptions, prefixAware } from "./prefix-aware.js";
import { PREFIX_BLOCKS, type PrefixBlocksOptions, prefixBlocks } from "./prefix-blocks.js";
import { randomChoice } from "./random-choice.js";
import { roundRobin } from "./round-robin.js";
import { TREE, type TreeOptions } from "./sent-texts.js";
import { SESSION, type SessionOptions, session } from "./session.js";

/** The policies by name. */
export type PolicyName =
  | "round_robin"
  | "random"
  | "least_requests"
  | "pow_of_2"
  | "consistent_hash"
  | "session"
  | "prefix_aware"
  | "cache_aware"
  | "kv_cost"
  | "prefix_blocks";

/** The options of all policies. */
export interface PolicyOptions
  extends ConsistentHashOptions,
    SessionOptions,
    PrefixAwareOptions,
    CacheAwareOptions,
    KvCostOptions,
    PrefixBlocksOptions,
    TreeOptions {}

/** A policy by its name: its rule, its options, how it is made. */
export interface PolicyDefinition {
  /** The rule in one line. */
  readonly about: string;
  /** Its options by name. */
  readonly options: OptionTable;
  /** What `options` cannot say: which values go together. */
  check?(options: PolicyOptions): void;
  /** @param values every option of the table. */
  create(values: never, environment: PolicyEnvironment): Policy;
}

/** The policies by name. */
export const POLICIES: Readonly<Record<PolicyName, PolicyDefinition>> = {
  round_robin: { about: "each replica in turn", options: {}, create: roundRobin },
  random: { about: "any replica", options: {}, create: randomChoice },
  least_requests: { about: "the replica with the fewest requests under way", options: {}, create: leastRequests },
  pow_of_2: { about: "the shorter queue of two replicas drawn at random", options: {}, create: powOf2 },
  consistent_hash: {
    about: "a hash of the session or of how the first user message begins, with bounded loads",
    options: CONSISTENT_HASH,
    create: consistentHash,
  },
  session: { about: "a session stays on its replica", options: SESSION, create: session },
  prefix_aware: {
    about: "the owner of the longest matching prefix, as Ray Serve LLM",
    options: { ...PREFIX_AWARE, ...TREE },
    check: checkPrefixAware,
    create: prefixAware,
  },
  cache_aware: {
    about: "a holder of the longest match that has not far more to do than the average, as SGLang's router",
    options: { ...CACHE_AWARE, ...TREE, maxChars: { ...TREE.maxChars, default: 67_108_864 } },
    create: cacheAware,
  },
  kv_cost: {
    about: "the lowest cost of uncached prefill and load, as NVIDIA Dynamo",
    options: {
      ...KV_COST,
      ...TREE,
      maxChars: { ...TREE.maxChars, default: 67_108_864 },
      ttlSecs: { ...TREE.ttlSecs, default: 120 },
    },
    create: kvCost,
  },
  prefix_blocks: {
    about: "the highest score of queue, free KV cache and matched blocks, as llm-d",
    options: PREFIX_BLOCKS,
    create: prefixBlocks,
  },
};

/** Every option of every policy by its name, with the policies that have it. Those of one name differ in their default only. */
export function allPolicyOptions(): Map<string, { option: PolicyOption; policies: PolicyName[] }> {
  const all = new Map<string, { option: PolicyOption; policies: PolicyName[] }>();
  for (const policy of Object.keys(POLICIES) as PolicyName[]) {
    for (const [name, option] of Object.entries(POLICIES[policy].options)) {
      const known = all.get(name);
      if (known === undefined) all.set(name, { option, policies: [policy] });
      else known.policies.push(policy);
    }
  }
  return all;
}

/** @param options checked; what the policy does not know is ignored. */
export function createPolicy(name: PolicyName, options: PolicyOptions, environment: PolicyEnvironment): Policy {
  const { options: table, create } = POLICIES[name];
  return create(valuesOf(table, options) as never, environment);
}
