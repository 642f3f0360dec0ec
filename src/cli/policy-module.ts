import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isModulePath } from "../app/index.js";
import { POLICIES, type PolicyName, type RouterOptions } from "../routing/index.js";
import { InvalidArgumentError } from "./commander.js";
import { UsageError } from "./usage-error.js";

/** Reads `--policy`: the name of a policy, or the path of a module, which is told by a slash or by its ending. */
export function policyValue(value: string): string {
  if (isName(value) || isModulePath(value)) return value;
  const names = Object.keys(POLICIES).join(", ");
  throw new InvalidArgumentError(`Allowed are ${names}, or the path of a module as ./my-policy.mjs.`);
}

/** In a replay: the policy, with its options, that the journal was recorded with. */
export const RECORDED = "recorded";

/** Reads the `--policy` of replay: as `policyValue`, several by commas, `recorded` among them. */
export function policyList(value: string): string[] {
  return value.split(",").map((each) => (each === RECORDED ? each : policyValue(each)));
}

/**
 * The policy of that name; or what a module exports as default: a policy, or a function that makes one.
 * @param version a module is loaded anew for each.
 * @throws UsageError when there is no such module, or it has no default export.
 */
export async function loadPolicy(value: string, version = ""): Promise<RouterOptions["policy"]> {
  if (isName(value)) return value;
  let module: { default?: RouterOptions["policy"] };
  try {
    module = await import(`${pathToFileURL(resolve(value)).href}${version === "" ? "" : `?version=${version}`}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`policy ${value} cannot be loaded: ${why}`, { cause: error });
  }
  if (module.default === undefined) throw new UsageError(`policy ${value} must have a default export`);
  return module.default;
}

function isName(value: string): value is PolicyName {
  return Object.hasOwn(POLICIES, value);
}
