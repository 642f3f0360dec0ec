/**
 * An OpenAI-compatible reverse proxy as one `fetch` handler.
 * @module
 */
export type { RequestOutcome, RequestRecord } from "./exchange.js";
export { createGateway, type Gateway } from "./gateway.js";
export {
  type BreakerOptions,
  type ColdCacheOptions,
  GATEWAY_DEFAULTS,
  type GatewayDefaults,
  type GatewayOptions,
  type HealthOptions,
  type KeyOptions,
  type LoadOptions,
  type RetryOptions,
  type TimeoutOptions,
} from "./options.js";
