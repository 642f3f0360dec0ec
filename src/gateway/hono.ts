import type { Hono } from "hono/tiny";
import type { HttpRequest } from "../protocol/index.js";

export { Hono } from "hono/tiny";

/** Its handlers have the request as it came in `env`. */
export type GatewayHono = Hono<{ Bindings: HttpRequest }>;
