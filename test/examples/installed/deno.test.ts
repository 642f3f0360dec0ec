import { expect, test } from "vitest";
import { run } from "../../cli/support.js";
import { installed, missing } from "../needs.js";
import { place } from "../support.js";
import { gatewayProgram } from "./gateway-program.js";

gatewayProgram("deno");

test.skipIf(missing("deno") !== null)("examples/deno: deno check finds the types", async () => {
  const check = run(`${installed()}/node_modules/.bin/deno`, ["check", "main.ts"], { cwd: place("deno") });
  expect(await check.exit, check.errors()).toBe(0);
});
