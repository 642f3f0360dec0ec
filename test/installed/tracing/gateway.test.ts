import * as api from "@opentelemetry/api";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openTelemetry, type RequestRecord } from "../../../src/gateway/index.js";
import { deadAddress, post, resolvers, serve, sha256, startGateway } from "../../gateway/support.js";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

beforeAll(() => provider.register());
afterEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});

const tracing = openTelemetry(api);
const SECRET = "the prompt that nobody may read";
const usage = { prompt_tokens: 40, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 16 } };
const CLIENT_TRACE = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN = "b7ad6b7169203331";
const FROM_CLIENT = { traceparent: `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01`, tracestate: "vendor=1" };

/** The span of the one request that has ended, and those of its tries in their order. */
function spans(): { server: ReadableSpan; tries: ReadableSpan[] } {
  const all = exporter.getFinishedSpans();
  const servers = all.filter(({ kind }) => kind === SpanKind.SERVER);
  expect(servers).toHaveLength(1);
  return { server: servers[0]!, tries: all.filter(({ kind }) => kind === SpanKind.CLIENT) };
}

describe("a request that is answered", () => {
  test("has a span, and below it one for the replica, by the conventions of GenAI", async () => {
    const seen: Headers[] = [];
    const replica = await serve(({ headers }) => {
      seen.push(headers);
      return Response.json({ choices: [], usage });
    });
    const { url, ended } = await startGateway([replica], { tracing });
    const body = { model: "m", messages: [{ role: "user", content: SECRET }], max_tokens: 9, temperature: 0.5 };
    await (await post(`${url}/v1/chat/completions?x=1`, body)).text();
    const [record] = await ended(1);
    const { server, tries } = spans();
    expect(server.name).toBe("POST /v1/chat/completions");
    expect(server.parentSpanContext).toBeUndefined();
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
    expect(server.attributes).toEqual({
      "http.request.method": "POST",
      "http.route": "/v1/chat/completions",
      "url.path": "/v1/chat/completions",
      "http.response.status_code": 200,
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "m",
      "gen_ai.request.max_tokens": 9,
      "gen_ai.request.temperature": 0.5,
      "warmroute.request_id": record!.requestId,
      "warmroute.outcome": "completed",
      "warmroute.replica": "a",
      "warmroute.reason": "only_candidate",
      "warmroute.match_rate": 0,
      "warmroute.tries": 1,
      "warmroute.queue_ms": record!.queueMs,
      "warmroute.predicted_tokens": 0,
    });
    const [sent, ...more] = tries;
    expect(more).toEqual([]);
    expect(sent!.name).toBe("chat m");
    expect(sent!.parentSpanContext!.spanId).toBe(server.spanContext().spanId);
    expect(sent!.attributes).toEqual({
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "server.port": Number(new URL(replica).port),
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "m",
      "gen_ai.request.max_tokens": 9,
      "gen_ai.request.temperature": 0.5,
      "gen_ai.usage.input_tokens": 40,
      "gen_ai.usage.output_tokens": 7,
      "gen_ai.usage.cache_read.input_tokens": 16,
      "warmroute.replica": "a",
      "warmroute.policy": "prefix_aware",
      "warmroute.reason": "only_candidate",
      "warmroute.match_rate": 0,
      "warmroute.matched_chars": 0,
      "warmroute.text_chars": expect.any(Number),
    });
    const { traceId, spanId } = sent!.spanContext();
    expect(seen[0]!.get("traceparent")).toBe(`00-${traceId}-${spanId}-01`);
    expect(record!.traceId).toBe(traceId);
    expect(JSON.stringify([server.attributes, sent!.attributes, server.events, sent!.events])).not.toContain(SECRET);
  });

  test("has what the answer says of itself, once it is over", async () => {
    const chunk = (choices: object[]) =>
      `data: ${JSON.stringify({ id: "cmpl-1", model: "served", choices, padding: "x".repeat(500) })}\n\n`;
    const pieces = [...Array.from({ length: 20 }, (_, index) => chunk([{ index, text: SECRET }]))];
    pieces.push(chunk([{ index: 0, text: "", finish_reason: "length" }]), "data: [DONE]\n\n");
    const stream = () => new Response(pieces.join(""), { headers: { "content-type": "text/event-stream" } });
    const whole = () =>
      Response.json({ id: "cmpl-2", model: "served", choices: [{ text: SECRET, finish_reason: "stop" }] });
    for (const [answer, id, reason] of [
      [stream, "cmpl-1", "length"],
      [whole, "cmpl-2", "stop"],
    ] as const) {
      const { url, ended } = await startGateway([await serve(answer)], { tracing });
      await (await post(`${url}/v1/completions`, { model: "asked", prompt: "p", stream: true })).text();
      await ended(1);
      const { server, tries } = spans();
      expect(tries[0]!.attributes).toMatchObject({
        "gen_ai.request.model": "asked",
        "gen_ai.response.id": id,
        "gen_ai.response.model": "served",
        "gen_ai.response.finish_reasons": [reason],
      });
      expect(JSON.stringify([server.attributes, tries[0]!.attributes])).not.toContain(SECRET);
      expect(Object.keys(server.attributes).filter((name) => name.startsWith("gen_ai.response"))).toEqual([]);
      exporter.reset();
    }
  });

  test("belongs to the client's trace, whose state goes on to the replica", async () => {
    const seen: Headers[] = [];
    const replica = await serve(({ headers }) => {
      seen.push(headers);
      return Response.json({});
    });
    const { url, ended } = await startGateway([replica], { tracing });
    await (await post(`${url}/v1/completions`, { prompt: "p" }, { headers: FROM_CLIENT })).text();
    await ended(1);
    const { server, tries } = spans();
    expect(server.parentSpanContext!.spanId).toBe(CLIENT_SPAN);
    expect(seen[0]!.get("traceparent")).toBe(`00-${CLIENT_TRACE}-${tries[0]!.spanContext().spanId}-01`);
    expect(seen[0]!.get("tracestate")).toBe("vendor=1");
    expect(tries[0]!.name).toBe("text_completion");
  });

  test("belongs to the span that is active, where a server around it has one", async () => {
    const replica = await serve(() => Response.json({}));
    const { gateway, ended } = await startGateway([replica], { tracing });
    const around = trace.getTracer("server").startSpan("around");
    const request = new Request("http://gateway/v1/completions", { method: "POST", body: '{"prompt":"p"}' });
    for (const [name, value] of Object.entries(FROM_CLIENT)) request.headers.set(name, value);
    const answer = await context.with(trace.setSpan(context.active(), around), () => gateway.fetch(request));
    await answer.text();
    await ended(1);
    expect(spans().server.parentSpanContext!.spanId).toBe(around.spanContext().spanId);
  });

  test("does not send a client's tracestate on without the traceparent that it came with", async () => {
    const seen: Headers[] = [];
    const replica = await serve(({ headers }) => {
      seen.push(headers);
      return Response.json({});
    });
    const { url } = await startGateway([replica], { tracing });
    const headers = { traceparent: "none", tracestate: "vendor=1" };
    await (await post(`${url}/v1/completions`, { prompt: "p" }, { headers })).text();
    expect(seen[0]!.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(seen[0]!.has("tracestate")).toBe(false);
  });

  test("tells when a stream's first token has come", async () => {
    const stream = `data: {"choices":[]}\n\ndata: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;
    const replica = await serve(() => new Response(stream, { headers: { "content-type": "text/event-stream" } }));
    const { url, ended } = await startGateway([replica], { tracing });
    await (await post(`${url}/v1/completions`, { prompt: "p", stream: true })).text();
    await ended(1);
    const [sent] = spans().tries;
    expect(sent!.events.map(({ name }) => name)).toEqual(["warmroute.first_token"]);
    expect(sent!.attributes["gen_ai.request.stream"]).toBe(true);
    expect(sent!.attributes["gen_ai.response.time_to_first_chunk"]).toBeGreaterThanOrEqual(0);
    expect(sent!.attributes["gen_ai.usage.output_tokens"]).toBe(7);
  });
});

describe("a request that is retried", () => {
  test("has a span for each try, with why it came to nothing, and an event for each retry", async () => {
    const full = await serve(() => new Response("full", { status: 503 }));
    const dead = deadAddress();
    const well = await serve(() => Response.json({}));
    const { url, ended } = await startGateway([full, dead, well], { tracing, retries: { backoffMs: 0 } });
    // Until one has been sent to all three: whom chance chooses first is not the point.
    let tries: ReadableSpan[] = [];
    let server: ReadableSpan;
    for (let sent = 1; tries.length < 3; sent++) {
      expect(sent).toBeLessThan(50);
      exporter.reset();
      await (await post(`${url}/v1/completions`, { prompt: `${sent}` })).text();
      await ended(sent);
      ({ server, tries } = spans());
    }
    expect(tries.map(({ attributes }) => attributes["http.request.resend_count"])).toEqual([undefined, 1, 2]);
    const errors = new Map(tries.map(({ attributes }) => [attributes["warmroute.replica"], attributes["error.type"]]));
    expect(errors).toEqual(
      new Map([
        ["a", "503"],
        ["b", "refused"],
        ["c", undefined],
      ]),
    );
    expect(tries.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    expect(server!.status.code).toBe(SpanStatusCode.UNSET);
    expect(server!.events.map(({ name, attributes }) => [name, attributes!["warmroute.replica"]])).toEqual(
      tries.slice(1).map(({ attributes }) => ["warmroute.retry", attributes["warmroute.replica"]]),
    );
    expect(server!.attributes["warmroute.tries"]).toBe(3);
  });
});

describe("a request that is not answered", () => {
  test("is an error where no replica can be reached", async () => {
    const { url, ended } = await startGateway([deadAddress()], { tracing });
    await (await post(`${url}/v1/completions`, { prompt: "p" })).text();
    await ended(1);
    const { server } = spans();
    expect(server.status.code).toBe(SpanStatusCode.ERROR);
    expect(server.attributes).toMatchObject({ "http.response.status_code": 502, "error.type": "unreachable" });
  });

  test("is none where the client is wrong", async () => {
    const { url, ended } = await startGateway([deadAddress()], { tracing });
    await (await post(`${url}/v1/completions`, "{")).text();
    await ended(1);
    const { server, tries } = spans();
    expect(tries).toEqual([]);
    expect(server.status.code).toBe(SpanStatusCode.UNSET);
    expect(server.attributes).toMatchObject({ "http.response.status_code": 400, "warmroute.outcome": "bad_request" });
    expect(server.attributes).not.toHaveProperty("error.type");
  });

  test("has a name of few words, whatever path it asks for", async () => {
    const { url, ended } = await startGateway([deadAddress()], { tracing });
    await (await fetch(`${url}/v1/nothing/${SECRET}`)).text();
    await ended(1);
    expect(spans().server.name).toBe("GET");
  });

  test("ends its spans when the client leaves before the answer", async () => {
    const arrived = resolvers();
    const replica = await serve(({ signal }) => {
      arrived.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const { url, ended } = await startGateway([replica], { tracing });
    const leaving = new AbortController();
    const asked = post(`${url}/v1/completions`, { prompt: "p" }, { signal: leaving.signal }).catch(() => {});
    await arrived.promise;
    leaving.abort();
    await asked;
    await ended(1);
    const { server, tries } = spans();
    expect(tries[0]!.attributes["error.type"]).toBe("client_left");
    expect(server.attributes["warmroute.outcome"]).toBe("client_left");
  });

  test("is an error when the replica breaks off", async () => {
    const breaking = () => {
      let pulls = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
          else controller.error(new Error("broke"));
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const { url, ended } = await startGateway([await serve(breaking)], { tracing });
    await (await post(`${url}/v1/completions`, { prompt: "p", stream: true })).text();
    await ended(1);
    const { server, tries } = spans();
    for (const { status, attributes } of [server, ...tries]) {
      expect([status.code, attributes["error.type"]]).toEqual([SpanStatusCode.ERROR, "replica_broke"]);
    }
  });
});

describe("what the spans do not have", () => {
  test("a key: only its name", async () => {
    const replica = await serve(() => Response.json({}));
    const keys = [{ name: "team", sha256: await sha256("sk-secret") }];
    const { url, ended } = await startGateway([replica], { tracing, keys });
    const headers = { authorization: "Bearer sk-secret" };
    await (await post(`${url}/v1/completions`, { prompt: "p" }, { headers })).text();
    await ended(1);
    const { server, tries } = spans();
    expect(server.attributes["warmroute.key"]).toBe("team");
    expect(JSON.stringify([server.attributes, tries[0]!.attributes])).not.toContain("sk-secret");
  });
});

describe("without tracing", () => {
  test("the client's own context goes on to the replica as it is, and nothing has a trace", async () => {
    const seen: Headers[] = [];
    const replica = await serve(({ headers }) => {
      seen.push(headers);
      return Response.json({});
    });
    const { url, ended } = await startGateway([replica]);
    await (await post(`${url}/v1/completions`, { prompt: "p" }, { headers: FROM_CLIENT })).text();
    const [record]: readonly RequestRecord[] = await ended(1);
    expect(Object.fromEntries(Object.keys(FROM_CLIENT).map((name) => [name, seen[0]!.get(name)]))).toEqual(FROM_CLIENT);
    expect(record!.traceId).toBeNull();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

test("a tracer and a propagation of one's own take the place of the global ones", async () => {
  const own = new InMemorySpanExporter();
  const tracer = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(own)] }).getTracer("own");
  const seen: Headers[] = [];
  const replica = await serve(({ headers }) => {
    seen.push(headers);
    return Response.json({});
  });
  const none = { extract: (active: unknown) => active, inject: () => {}, fields: () => [] };
  const { url, ended } = await startGateway([replica], {
    tracing: openTelemetry(api, { tracer, propagation: none }),
  });
  await (await post(`${url}/v1/completions`, { prompt: "p" })).text();
  await ended(1);
  expect(own.getFinishedSpans().map(({ instrumentationScope }) => instrumentationScope.name)).toEqual(["own", "own"]);
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(seen[0]!.has("traceparent")).toBe(false);
});

test("what is no tracing is refused", async () => {
  expect(() => openTelemetry({} as never)).toThrow("the first argument must be the module @opentelemetry/api");
  await expect(startGateway([], { tracing: api as never })).rejects.toThrow(
    "tracing must be what openTelemetry(api) returns",
  );
});
