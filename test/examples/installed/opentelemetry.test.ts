import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { MODEL, npmStart, origin, place } from "../support.js";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

/** What an OTLP exporter sends. */
interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: Pick<Span, "attributes">;
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

test("examples/opentelemetry: the spans of a request come to a collector, in the client's trace", async () => {
  const sent: Traces[] = [];
  const collector = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request.setEncoding("utf8")) text += piece;
    if (request.url === "/v1/traces") sent.push(JSON.parse(text));
    response.setHeader("content-type", "application/json").end("{}");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void collector.close());
  await once(collector, "listening");
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  };
  const gateway = npmStart(place("opentelemetry"), env, "--port", "0", "--sim-speed", "100");
  const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const body = JSON.stringify({ model: MODEL, prompt: "Why is the sky blue?", max_tokens: 5 });
  const answer = await fetch(`${await origin(gateway)}/v1/completions`, { method: "POST", body, headers });
  expect(answer.status).toBe(200);
  await answer.text();
  gateway.child.kill("SIGTERM");
  expect(await gateway.exit, gateway.errors()).toBe(0);

  const resources = sent.flatMap(({ resourceSpans }) => resourceSpans);
  for (const { resource } of resources) {
    expect(resource.attributes).toContainEqual({ key: "service.name", value: { stringValue: "warmroute" } });
  }
  const spans = resources.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  const request = spans.find(({ name }) => name === "POST /v1/completions");
  const tried = spans.find(({ name }) => name === `text_completion ${MODEL}`);
  expect(request).toMatchObject({ traceId: "0af7651916cd43dd8448eb211c80319c", parentSpanId: "b7ad6b7169203331" });
  expect(tried).toMatchObject({ traceId: request!.traceId, parentSpanId: request!.spanId });
  const tokens = tried!.attributes.find(({ key }) => key === "gen_ai.usage.output_tokens");
  expect(Number(tokens!.value.intValue)).toBe(5);
});
