export { Hono } from "hono/tiny";
