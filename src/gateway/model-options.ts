import type { Router } from "../routing/index.js";
import type { Naming } from "./naming.js";
import { checkFields, shown } from "./option-checks.js";
import type { GatewayOptions, ModelOptions } from "./options.js";
import { checkReplicaUrl } from "./replica-url.js";

/** A router, and by which names its model is asked for and served; null where it has but its own. */
export interface ModelSettings {
  readonly router: Router;
  readonly naming: Naming | null;
}

/**
 * The models by their names; one router for all has the name "".
 * @throws TypeError or RangeError that names what is wrong.
 */
export function modelsOf({ router, models }: GatewayOptions): Map<string, ModelSettings> {
  if ((router === undefined) === (models === undefined)) {
    throw new TypeError(
      `exactly one of router and models must be given, not ${router === undefined ? "none" : "both"}`,
    );
  }
  if (models === undefined) {
    checkRouter("router", router);
    return new Map([["", { router: router!, naming: null }]]);
  }
  if (typeof models !== "object" || models === null) {
    throw new TypeError(`models must be an object of routers by model, not ${shown(models)}`);
  }
  const all = new Map(Object.entries(models).map(([model, each]) => [model, modelOf(model, each)]));
  if (all.size === 0) throw new RangeError("models must name a model at least");
  if (new Set([...all.values()].map((each) => each.router)).size < all.size)
    throw new RangeError("each of the models needs a router of its own");
  const names = new Set(all.keys());
  for (const [model, { naming }] of all) {
    for (const alias of naming?.aliases ?? []) {
      if (names.has(alias)) {
        throw new RangeError(
          `an alias of ${shown(model)} is another model's name or alias, or is there twice: ${shown(alias)}`,
        );
      }
      names.add(alias);
    }
  }
  return all;
}

function modelOf(model: string, given: Router | ModelOptions): ModelSettings {
  if (model === "") throw new RangeError('models must be named, and not ""');
  const where = `models[${shown(model)}]`;
  if (!isModelOptions(given)) {
    checkRouter(where, given);
    return { router: given, naming: null };
  }
  checkFields(where, given, ["router", "aliases", "servedName"]);
  const { router, aliases = [], servedName = model } = given;
  checkRouter(`${where}.router`, router);
  if (!Array.isArray(aliases)) throw new TypeError(`${where}.aliases must be an array, not ${shown(aliases)}`);
  aliases.forEach((alias, i) => {
    checkName(`${where}.aliases[${i}]`, alias);
  });
  checkName(`${where}.servedName`, servedName);
  return { router, naming: aliases.length === 0 && servedName === model ? null : { aliases, served: servedName } };
}

function isModelOptions(given: Router | ModelOptions): given is ModelOptions {
  return typeof given === "object" && given !== null && "router" in given;
}

function checkName(name: string, value: unknown): void {
  if (typeof value !== "string" || value === "")
    throw new TypeError(`${name} must be a string, not empty, not ${shown(value)}`);
}

function checkRouter(name: string, router: Router | undefined): void {
  if (typeof router?.acquire !== "function") throw new TypeError(`${name} must be a Router, not ${shown(router)}`);
  for (const replica of router.replicas) checkReplicaUrl(replica.id, replica.url);
}
