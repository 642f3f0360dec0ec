import type { AppConfig } from "./config.js";
import { LIMITS } from "./tables.js";

const GROUPS = ["timeouts", "retries", "breaker", "coldCache", "keys", "trustedProxies"] as const;

/**
 * What a configuration, whose secrets are hashes already, tells the gateway beside its models. What it does not say is there too, as
 * undefined, so that it takes back what one before has said. Health checks and load are on.
 */
export function gatewayOptions(config: AppConfig): object {
  const names = [...GROUPS, ...Object.keys(LIMITS)] as (keyof AppConfig)[];
  return {
    ...Object.fromEntries(names.map((name) => [name, config[name]])),
    health: config.health ?? {},
    load: config.load ?? {},
    adminTokenSha256: config.admin?.tokenSha256,
  };
}
