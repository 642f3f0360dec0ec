import { type Choice, DECISION_REASONS } from "../decision.js";
import { shown } from "../shown.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";

const CALLS = [
  "onRouted",
  "onAccepted",
  "onRejected",
  "onFirstToken",
  "onReleased",
  "onReplicasChanged",
  "dispose",
] as const;

/**
 * A policy of the user's own: an object, or a function that makes it. What it chooses is checked: a replica that is no candidate
 * would make the router count a place that there is not.
 * @throws TypeError that says what the object lacks.
 */
export function customPolicy(
  given: Policy | ((environment: PolicyEnvironment) => Policy),
  environment: PolicyEnvironment,
): Policy {
  const policy = typeof given === "function" ? given(environment) : given;
  checkPolicy(policy);
  const checked: Record<string, unknown> = {
    name: policy.name,
    tree: policy.tree ?? null,
    choose(request: PolicyRequest): Choice {
      const choice = policy.choose(request);
      checkChoice(policy.name, choice, request);
      return choice;
    },
  };
  for (const call of CALLS) if (policy[call] !== undefined) checked[call] = policy[call].bind(policy);
  return checked as unknown as Policy;
}

function checkPolicy(policy: Policy): void {
  if (typeof policy !== "object" || policy === null) {
    throw new TypeError(`a policy must be an object with name and choose, not ${shown(policy)}`);
  }
  const { name, tree, choose } = policy;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`the policy's name must be a string, not empty, not ${shown(name)}`);
  }
  if (typeof choose !== "function")
    throw new TypeError(`choose of policy ${name} must be a function, not ${shown(choose)}`);
  if (tree !== undefined && typeof tree !== "object") {
    throw new TypeError(`tree of policy ${name} must be a PrefixTree or null, not ${shown(tree)}`);
  }
  for (const call of CALLS) {
    const value: unknown = policy[call];
    if (value !== undefined && typeof value !== "function") {
      throw new TypeError(`${call} of policy ${name} must be a function, not ${shown(value)}`);
    }
  }
}

function checkChoice(name: string, choice: Choice, { candidates, full }: PolicyRequest): void {
  if (typeof choice !== "object" || choice === null) {
    throw new TypeError(`policy ${name} must choose { replica, reason, matchedChars }, not ${shown(choice)}`);
  }
  const { replica, reason, matchedChars } = choice;
  if (!candidates.includes(replica) && !full?.includes(replica)) {
    throw new TypeError(`policy ${name} chose replica ${replica?.id}, which is no candidate`);
  }
  if (!Object.hasOwn(DECISION_REASONS, reason)) {
    throw new TypeError(`policy ${name} must give one of the reasons, as "custom", not ${shown(reason)}`);
  }
  if (typeof matchedChars !== "number" || !(matchedChars >= 0)) {
    throw new TypeError(`policy ${name} must give matchedChars as a number, 0 or more, not ${shown(matchedChars)}`);
  }
}
