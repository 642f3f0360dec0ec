import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folder } from "./files.js";
import { warmroute } from "./support.js";

const FLAGS = ["serve", "--port", "0", "--tracing", "--json-log"];

test("serve --tracing says what is missing when nothing would send the spans", async () => {
  const started = warmroute(...FLAGS, "--embedded", "1");
  expect(await started.exit).toBe(2);
  expect(started.errors()).toMatch(
    /^warmroute: tracing has nothing that would send its spans: npm install @opentelemetry\/sdk-node/,
  );
});

test("without it nothing is loaded, and no request has a trace", async () => {
  const started = warmroute("serve", "--port", "0", "--embedded", "1", "--sim-speed", "1000", "--json-log");
  const { url } = JSON.parse(await started.line(/"event":"listening"/));
  await fetch(`${url}/v1/completions`, { method: "POST", body: "{" });
  expect(JSON.parse(await started.line(/"event":"request"/)).traceId).toBeNull();
});

test("it cannot be switched on while the command runs, which says so", async () => {
  const config = "models: [{ replicas: [{ simulated: { speed: 1000 } }] }]\nlisten: { port: 0 }\n";
  const file = join(folder({ "config.yaml": config }), "config.yaml");
  const started = warmroute("serve", file);
  await started.line(/^warmroute listens on /);
  writeFileSync(file, `${config}tracing: true\n`);
  await started.error(/^warmroute: tracing cannot change while it runs; it takes a new start$/);
});
