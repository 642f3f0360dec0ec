export { type CompareOptions, compare } from "./compare.js";
export { assignment, specs } from "./spec.js";
