import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { folder } from "./files.js";
import { run, warmroute } from "./support.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FLAGS = ["serve", "--port", "0", "--tracing", "--json-log"];

/** A module for `--import` that sets up the real SDK with an exporter that appends spans to a file, as a user would with OTLP. */
const PRELOAD = `
import { appendFileSync } from "node:fs";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, kind, attributes, parentSpanContext } = span;
      appendFileSync(process.env.SPANS, JSON.stringify({ name, kind, attributes, ...span.spanContext(), parent: parentSpanContext?.spanId }) + "\\n");
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};
// Longer than the test: only the flush at the end can have sent them.
new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 3_600_000 })] }).register();
`;

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Record<string, unknown>;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
}

test("serve --tracing sends the spans with the SDK that was preloaded, all of them before it ends", async () => {
  const seen: (string | undefined)[] = [];
  const replica = createServer((request, response) => {
    if (request.method === "POST") seen.push(request.headers.traceparent as string);
    request.resume();
    response.setHeader("content-type", "application/json").end('{"usage":{"prompt_tokens":5,"completion_tokens":2}}');
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void replica.close());
  await new Promise((resolve) => replica.once("listening", resolve));
  const path = folder({ "preload.mjs": PRELOAD });
  symlinkSync(join(ROOT, "node_modules"), join(path, "node_modules"));
  const spans = join(path, "spans.jsonl");
  const started = run(
    process.execPath,
    [
      "--import",
      pathToFileURL(join(path, "preload.mjs")).href,
      join(ROOT, "dist/cli/main.js"),
      ...FLAGS,
      "--replica",
      `http://127.0.0.1:${(replica.address() as AddressInfo).port}`,
    ],
    { env: { SPANS: spans } },
  );
  onTestFinished(() => void started.child.kill("SIGKILL"));
  const { url } = JSON.parse(await started.line(/"event":"listening"/));
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const body = '{"model":"m","prompt":"p"}';
  await (await fetch(`${url}/v1/completions`, { method: "POST", body, headers })).text();
  const { traceId } = JSON.parse(await started.line(/"event":"request"/));
  started.child.kill("SIGTERM");
  expect(await started.exit).toBe(0);
  const told: Span[] = readFileSync(spans, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const [tried, request] = told;
  expect(told.map(({ name }) => name)).toEqual(["text_completion m", "POST /v1/completions"]);
  expect(request).toMatchObject({ traceId: "0af7651916cd43dd8448eb211c80319c", parent: "b7ad6b7169203331" });
  expect(tried).toMatchObject({
    parent: request!.spanId,
    attributes: { "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 2 },
  });
  expect(traceId).toBe(request!.traceId);
  expect(seen).toEqual([`00-${traceId}-${tried!.spanId}-01`]);
});

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
