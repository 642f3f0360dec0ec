export { type CompareOptions, compare } from "./compare.js";
export { assignment, policySpecs, specs } from "./spec.js";
