export { exponential, geometric, shuffle, uniform, Zipf } from "./distributions.js";
export { exp } from "./exp.js";
export { log } from "./log.js";
export { Random } from "./random.js";
