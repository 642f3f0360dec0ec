import { readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { folder } from "../../cli/files.js";
import { run } from "../../cli/support.js";

const INSTALLED = fileURLToPath(new URL("../node_modules", import.meta.url));
const MAIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
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
  symlinkSync(INSTALLED, join(path, "node_modules"));
  const spans = join(path, "spans.jsonl");
  const started = run(
    process.execPath,
    [
      "--import",
      pathToFileURL(join(path, "preload.mjs")).href,
      MAIN,
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
