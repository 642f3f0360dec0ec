export type { RequestOutcome, RequestRecord } from "./exchange.js";
export { createGateway, type Gateway } from "./gateway.js";
export type { GatewayOptions } from "./options.js";
