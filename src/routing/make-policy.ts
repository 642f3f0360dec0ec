import type { RouterOptions } from "./options.js";
import { customPolicy } from "./policies/custom.js";
import { createPolicy } from "./policies/index.js";
import type { Policy, PolicyEnvironment } from "./policies/policy.js";

/** @throws TypeError for an object that is no policy. */
export function makePolicy(options: RouterOptions, environment: PolicyEnvironment): Policy {
  const { policy } = options;
  return typeof policy === "string" ? createPolicy(policy, options, environment) : customPolicy(policy, environment);
}
