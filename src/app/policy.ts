import type { Policy, PolicyEnvironment, RouterOptions } from "../routing/index.js";
import type { ModelConfig } from "./config.js";
import { isModulePath } from "./model-shape.js";
import type { AppPlatform, OwnPolicy } from "./platform.js";
import { ROUTER } from "./tables.js";

/** What a model's router is made of, but for its replicas, and what tells it from another one. */
export interface RouterPlan {
  readonly options: Omit<RouterOptions, "replicas">;
  /** The options as text, and a policy that code has given. */
  readonly key: readonly [text: string, policy: unknown];
}

/** @throws what the platform throws for a module that cannot be loaded. */
export async function routerPlan(model: ModelConfig, platform: AppPlatform): Promise<RouterPlan> {
  const { policy = "prefix_aware", policyOptions = {}, backoff, locality } = model;
  const own = Object.entries(model).filter(([name, value]) => Object.hasOwn(ROUTER, name) && value !== undefined);
  const common = {
    ...Object.fromEntries(own),
    ...(backoff !== undefined && { backoff }),
    ...(locality !== undefined && { locality }),
  };
  const text = (name: string) => JSON.stringify([name, common, policyOptions]);
  if (typeof policy !== "string") {
    return { options: { ...common, policy: withOptions(policy, policyOptions) }, key: [text(""), policy] };
  }
  if (!isModulePath(policy)) {
    const options = { ...common, ...policyOptions, policy } as RouterPlan["options"];
    return { options, key: [text(policy), null] };
  }
  if (platform.loadPolicy === undefined) {
    throw new TypeError(`policy ${policy} cannot be loaded: there is no platform.loadPolicy`);
  }
  const loaded = await platform.loadPolicy(policy);
  return {
    options: { ...common, policy: withOptions(loaded.policy, policyOptions) },
    key: [text(`${policy} ${loaded.version}`), null],
  };
}

export function sameKey(a: RouterPlan["key"], b: RouterPlan["key"]): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** A function that makes a policy gets the policy's options as its second parameter. */
function withOptions(policy: OwnPolicy, options: object): OwnPolicy {
  if (typeof policy !== "function") return policy;
  const make = policy as (environment: PolicyEnvironment, options: object) => Policy;
  return (environment) => make(environment, options);
}
