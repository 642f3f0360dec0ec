import type { Policy, PolicyEnvironment } from "./policy.js";
import { powOf2 } from "./pow-of-2.js";
import { type PrefixAwareOptions, prefixAware } from "./prefix-aware.js";

interface PolicyDefinition {
  /** The names of its options. */
  readonly options: readonly string[];
  create(options: PolicyOptions, environment: PolicyEnvironment): Policy;
}

/** The options of all policies. */
export type PolicyOptions = PrefixAwareOptions;

/** The policies by name. */
export type PolicyName = "pow_of_2" | "prefix_aware";

/** The policies by name. */
export const POLICIES: Readonly<Record<PolicyName, PolicyDefinition>> = {
  pow_of_2: { options: [], create: powOf2 },
  prefix_aware: {
    options: [
      "imbalancedThreshold",
      "matchRateThreshold",
      "doEviction",
      "evictionThresholdChars",
      "evictionTargetChars",
      "evictionIntervalSecs",
    ],
    create: prefixAware,
  },
};
