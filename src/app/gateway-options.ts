import type { AppConfig } from "./config.js";
import { LIMITS } from "./tables.js";

const GROUPS = ["timeouts", "retries", "breaker", "health", "load", "coldCache", "keys"] as const;

/** What a configuration, whose secrets are hashes already, tells the gateway beside its models. Health and load are on. */
export function gatewayOptions(config: AppConfig): object {
  const names = [...GROUPS, ...Object.keys(LIMITS)] as (keyof AppConfig)[];
  const options = {
    health: {},
    load: {},
    ...Object.fromEntries(names.map((name) => [name, config[name]]).filter(([, value]) => value !== undefined)),
  };
  return config.admin === undefined ? options : { ...options, adminTokenSha256: config.admin.tokenSha256 };
}
