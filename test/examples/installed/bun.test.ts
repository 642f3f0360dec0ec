import { gatewayProgram } from "./gateway-program.js";

gatewayProgram("bun");
