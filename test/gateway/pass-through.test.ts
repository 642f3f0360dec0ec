import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { post, serve, startGateway, transport } from "./support.js";

describe("what a replica gets", () => {
  test("is the client's bytes, unknown fields and odd spaces too", async () => {
    let received = "";
    const replica = await serve(async (request) => {
      received = await request.text();
      return new Response();
    });
    const { url } = await startGateway([replica]);
    const body = '{ "prompt" : "caf\\u00e9 \u{1f600}",\n\t"x_unknown": 1.0e3, "prompt_embeds": null }';
    await post(`${url}/v1/completions`, body);
    expect(received).toBe(body);
  });

  test("comes to the same path with the same query, below the path of its own address", async () => {
    let received = "";
    const replica = await serve((request) => {
      received = request.url.replace(/^http:\/\/[^/]+/, "");
      return new Response();
    });
    const { url } = await startGateway([`${replica}/base/`]);
    await post(`${url}/v1/chat/completions?a=b%20c`, { messages: [{ role: "user", content: "Hello" }] });
    expect(received).toBe("/base/v1/chat/completions?a=b%20c");
  });

  test("has the end-to-end headers, and none that claims to be the gateway's", async () => {
    let received: IncomingHttpHeaders = {};
    const replica = createServer((request, response) => {
      received = request.headers;
      response.end("{}");
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void replica.close());
    await once(replica, "listening");
    const address = `127.0.0.1:${(replica.address() as AddressInfo).port}`;
    const { url } = await startGateway([`http://${address}`]);
    const request = httpRequest(`${url}/v1/completions`, {
      method: "POST",
      headers: {
        authorization: "Bearer key",
        "x-request-id": "r1",
        "user-agent": "me",
        connection: "keep-alive, X-Hop",
        "x-hop": "1",
        "keep-alive": "timeout=9",
        te: "trailers",
        "proxy-authorization": "secret",
        "x-warmroute-replica": "forged",
        "accept-encoding": "gzip",
        expect: "100-continue",
      },
    });
    request.end('{"prompt":"p"}');
    const [response] = await once(request, "response");
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(received).toMatchObject({
      host: address,
      "x-request-id": "r1",
      "user-agent": "me",
      "content-length": "14",
      "accept-encoding": "identity",
    });
    for (const name of ["authorization", "x-hop", "te", "proxy-authorization", "x-warmroute-replica", "expect"]) {
      expect(received).not.toHaveProperty(name);
    }
    expect(received["keep-alive"]).not.toBe("timeout=9");
  });
});

describe("what a client gets", () => {
  test("has the replica's status and end-to-end headers", async () => {
    const replica = await serve(
      () =>
        new Response('{"error":{}}', {
          status: 422,
          headers: { "content-type": "application/json", "x-engine": "vllm", "x-warmroute-replica": "forged" },
        }),
    );
    const { url } = await startGateway([replica]);
    const response = await post(`${url}/v1/completions`, { prompt: "p" });
    expect([response.status, response.headers.get("x-engine"), await response.text()]).toEqual([
      422,
      "vllm",
      '{"error":{}}',
    ]);
    expect(response.headers.has("x-warmroute-replica")).toBe(false);
  });

  test("names the replica only when that is switched on", async () => {
    const { url } = await startGateway([await serve(() => new Response())], { replicaHeader: true });
    expect((await post(`${url}/v1/completions`, { prompt: "p" })).headers.get("x-warmroute-replica")).toBe("a");
  });

  test("is decoded by a transport that decodes, and else passed on, when a replica encodes its answer unasked", async () => {
    const text = JSON.stringify({ text: "warm ".repeat(1000) });
    const replica = await serve(
      () =>
        new Response(gzipSync(text), {
          headers: { "content-encoding": "gzip", "content-length": String(gzipSync(text).length) },
        }),
    );
    const { url } = await startGateway([replica]);
    const response = await post(`${url}/v1/completions`, { prompt: "p" });
    expect(response.headers.get("content-encoding")).toBe(transport.kind === "node" ? "gzip" : null);
    expect(await response.text()).toBe(text);
  });

  test("is a redirect when the replica answers with one: the gateway goes nowhere else", async () => {
    let followed = false;
    const elsewhere = await serve(() => {
      followed = true;
      return new Response();
    });
    const replica = await serve(() => new Response(null, { status: 307, headers: { location: elsewhere } }));
    const { url } = await startGateway([replica]);
    const response = await post(`${url}/v1/completions`, { prompt: "p" }, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([307, elsewhere]);
    expect(followed).toBe(false);
  });
});

test("every request is reported once, with its times", async () => {
  const { url, ended } = await startGateway([await serve(() => new Response("{}"))]);
  await (await post(`${url}/v1/chat/completions`, { messages: [{ role: "user", content: "Hello" }] })).text();
  await fetch(`${url}/health`);
  const [record, ...more] = await ended(1);
  expect(more).toEqual([]);
  expect(record).toEqual({
    method: "POST",
    path: "/v1/chat/completions",
    requestId: expect.any(String),
    traceId: null,
    outcome: "completed",
    status: 200,
    replica: "a",
    reason: "only_candidate",
    matchRate: 0,
    tries: 1,
    failures: [],
    model: null,
    requestModel: null,
    key: null,
    queueMs: expect.any(Number),
    promptTokens: null,
    completionTokens: null,
    cachedTokens: null,
    predictedTokens: null,
    streamed: false,
    ttftMs: expect.any(Number),
    totalMs: expect.any(Number),
    // Nobody tells a fetch handler who asks.
    client: transport.kind === "node" ? "127.0.0.1" : null,
    bytesIn: 48,
    bytesOut: 2,
  });
  expect(record!.totalMs).toBeGreaterThanOrEqual(record!.ttftMs!);
  expect(record!.ttftMs).toBeGreaterThan(0);
});
