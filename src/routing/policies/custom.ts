import { EXCLUSIONS } from "../candidates.js";
import { type CandidateFigures, type Choice, DECISION_REASONS } from "../decision.js";
import { shown } from "../shown.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";

const CALLS = [
  "preview",
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
  const checked: Record<string, unknown> = { name: policy.name, tree: policy.tree ?? null };
  for (const call of CALLS) if (policy[call] !== undefined) checked[call] = policy[call].bind(policy);
  checked.choose = (request: PolicyRequest) => checkedChoice(policy.name, policy.choose(request), request);
  if (policy.preview !== undefined) {
    checked.preview = (request: PolicyRequest) => checkedChoice(policy.name, policy.preview!(request), request);
  }
  return checked as unknown as Policy;
}

function checkedChoice(name: string, choice: Choice, request: PolicyRequest): Choice {
  checkChoice(name, choice, request);
  if (choice.figures === undefined) return choice;
  const { candidates } = request;
  return { ...choice, figures: () => checkedFigures(name, choice.figures!(), candidates.length) };
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
  if (typeof (choice as { then?: unknown }).then === "function") {
    // Nobody else hears of it, should it fail.
    Promise.resolve(choice).catch(() => {});
    throw new TypeError(`policy ${name} must choose at once: its choose gave a promise`);
  }
  const { replica, reason, matchedChars, hitChosen, figures } = choice;
  if (!candidates.includes(replica) && !full?.includes(replica)) {
    throw new TypeError(`policy ${name} chose replica ${replica?.id}, which is no candidate`);
  }
  if (!Object.hasOwn(DECISION_REASONS, reason)) {
    throw new TypeError(`policy ${name} must give one of the reasons, as "custom", not ${shown(reason)}`);
  }
  if (!isCount(matchedChars)) {
    throw new TypeError(`policy ${name} must give matchedChars as a number, 0 or more, not ${shown(matchedChars)}`);
  }
  if (hitChosen !== undefined && !isCount(hitChosen)) {
    throw new TypeError(`policy ${name} must give hitChosen as a number, 0 or more, not ${shown(hitChosen)}`);
  }
  if (figures !== undefined && typeof figures !== "function") {
    throw new TypeError(`policy ${name} must give figures as a function, not ${shown(figures)}`);
  }
}

function checkedFigures(name: string, figures: unknown, count: number): CandidateFigures[] {
  if (!Array.isArray(figures) || figures.length !== count) {
    const given = Array.isArray(figures) ? figures.length : shown(figures);
    throw new TypeError(`figures of policy ${name} must be an array of ${count}, one a candidate, not ${given}`);
  }
  return Array.from(figures, (each: CandidateFigures | undefined, i) => {
    const where = `of figures[${i}] of policy ${name}`;
    const { matchedChars = null, score = null, excluded } = each ?? { matchedChars: null, score: null };
    if (matchedChars !== null && !isCount(matchedChars)) {
      throw new TypeError(`matchedChars ${where} must be a number, 0 or more, or null, not ${shown(matchedChars)}`);
    }
    if (score !== null && (typeof score !== "number" || Number.isNaN(score))) {
      throw new TypeError(`score ${where} must be a number or null, not ${shown(score)}`);
    }
    if (excluded !== undefined && excluded !== "overloaded" && (excluded === null || !EXCLUSIONS.includes(excluded))) {
      throw new TypeError(`excluded ${where} must be a reason, as "overloaded", not ${shown(excluded)}`);
    }
    return { matchedChars, score, ...(excluded !== undefined && { excluded }) };
  });
}

function isCount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}
