/**
 * An OpenAI-compatible reverse proxy as one `fetch` handler.
 * @module
 */
export type { RequestOutcome, RequestRecord } from "./exchange.js";
export { createGateway, type Gateway } from "./gateway.js";
export type { GatewayOptions } from "./options.js";
