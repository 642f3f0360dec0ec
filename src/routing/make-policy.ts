import type { RouterOptions } from "./options.js";
import { POLICIES } from "./policies/index.js";
import type { Policy, PolicyEnvironment } from "./policies/policy.js";

/** @throws TypeError for bounds of a tree where there is none. */
export function makePolicy(options: RouterOptions, environment: PolicyEnvironment): Policy {
  const { policy } = options;
  const made = typeof policy === "string" ? POLICIES[policy].create(options, environment) : own(policy, environment);
  const [bound] = Object.keys(environment.tree);
  if (bound !== undefined && made.tree === null) {
    throw new TypeError(`${bound} is for a policy with a tree, and ${made.name} has none`);
  }
  return made;
}

function own(policy: Policy | ((environment: PolicyEnvironment) => Policy), environment: PolicyEnvironment): Policy {
  const made = typeof policy === "function" ? policy(environment) : policy;
  if (typeof made?.choose !== "function" || typeof made.name !== "string" || made.tree === undefined) {
    throw new TypeError("a policy of your own must have a name, a tree (or null) and the function choose");
  }
  return made;
}
