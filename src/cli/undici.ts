export { Agent, type Dispatcher, request } from "undici";
