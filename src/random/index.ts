export { exp } from "./exp.js";
export { Random } from "./random.js";
