// Whatever a client or a replica sends: an answer, never a crash or a hang; what is not a replica's answer is an error in OpenAI's shape.
import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { createGateway } from "../../src/gateway/index.js";
import { Router } from "../../src/routing/index.js";
import fc from "../properties.js";
import { serve, startGateway } from "./support.js";

const PATHS = [
  "/v1/completions",
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/messages",
  "/v1/embeddings",
  "/v1/rerank",
  "/tokenize",
  "/detokenize",
];

/** JSON that looks like a request in places. */
const likeBody = fc.dictionary(
  fc.constantFrom(
    "model",
    "prompt",
    "messages",
    "input",
    "system",
    "text",
    "tools",
    "stream",
    "user",
    "cache_salt",
    "__proto__",
  ),
  fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.string({ unit: "binary" }),
    fc.array(fc.record({ role: fc.jsonValue(), content: fc.jsonValue() }, { requiredKeys: [] })),
    fc.array(fc.integer()),
  ),
);

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  likeBody.map((value) => JSON.stringify(value)),
  likeBody.map((value) => JSON.stringify(value).slice(0, -1)),
  fc.integer({ min: 1, max: 5000 }).map((depth) => `{"messages":${"[".repeat(depth)}${"]".repeat(depth)}}`),
);

const names = fc.oneof(
  fc.constantFrom(
    "x-session-id",
    "authorization",
    "x-warmroute-replica",
    "connection",
    "content-encoding",
    "accept-encoding",
    "traceparent",
    "te",
    "cookie",
    "x-api-key",
    "content-type",
    "expect",
    "transfer-encoding",
  ),
  fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
);
const values = fc.stringMatching(/^[\x20-\x7e\xa0-\xff]{0,60}$/);
const headers = fc.array(fc.tuple(names, values), { maxLength: 12 });

async function expectAnswer(response: Response, sent: boolean): Promise<void> {
  const text = await response.text();
  if (sent) return;
  expect(response.status).toBeGreaterThanOrEqual(400);
  const body = JSON.parse(text) as { error: Record<string, unknown> };
  expect(body.error).toMatchObject({ message: expect.stringMatching(/\S/), type: expect.stringMatching(/\S/) });
  expect(Object.keys(body.error)).toEqual(["message", "type", "param", "code"]);
}

describe("whatever a client sends", () => {
  test("as a body and headers, the answer is a replica's or an error of OpenAI's shape", async () => {
    const log = vi.spyOn(console, "error");
    let sent = false;
    const upstreamFetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
      sent = true;
      // What a real `fetch` would refuse must not get here.
      new Request("http://replica", init);
      return new Response("{}");
    };
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", url: "http://a" }] });
    const gateway = createGateway({ router, upstreamFetch: upstreamFetch as typeof fetch, breaker: false });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), bodies, headers, async (path, body, list) => {
        sent = false;
        const request = new Request(`http://gateway${path}`, { method: "POST", body, headers: new Headers(list) });
        await expectAnswer(await gateway.fetch(request), sent);
        expect(router.leases).toBe(0);
      }),
      { numRuns: 1500 },
    );
    expect(log).not.toHaveBeenCalled();
    expect(gateway.state.requests.internal_error).toBeUndefined();
    expect(gateway.state.requests.unreachable).toBeUndefined();
    log.mockRestore();
  });

  test("as a method and a path, too", async () => {
    const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a", url: "http://a" }] });
    const gateway = createGateway({ router, upstreamFetch: async () => new Response("{}") });
    const methods = fc.constantFrom("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "POST", "PURGE");
    const paths = fc.oneof(
      fc.webPath(),
      fc.constantFrom(...PATHS, "/admin/stats", "/v1/models/", "//v1/completions", "/%"),
    );
    await fc.assert(
      fc.asyncProperty(methods, paths, async (method, path) => {
        const response = await gateway.fetch(new Request(`http://gateway${path || "/"}`, { method }));
        await expectAnswer(response, response.status < 400);
      }),
      { numRuns: 300 },
    );
  });

  test("as bytes on the wire, the connection is answered or closed, and the next request is served", async () => {
    const { url } = await startGateway([await serve(() => new Response("{}"))]);
    const port = Number(new URL(url).port);
    const wire = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.tuple(fc.constantFrom(...PATHS), headers, fc.string({ maxLength: 100 })).map(([path, list, body]) => {
        const lines = list.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        return `POST ${path} HTTP/1.1\r\nHost: x\r\n${lines}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
      }),
      fc.nat(200_000).map((size) => `POST ${PATHS[0]} HTTP/1.1\r\nHost: x\r\nX-Big: ${"x".repeat(size)}\r\n\r\n`),
    );
    await fc.assert(
      fc.asyncProperty(wire, async (bytes) => {
        await new Promise<void>((resolve) => {
          const socket = connect(port, "127.0.0.1", () => socket.end(bytes, "latin1"));
          socket
            .resume()
            .on("error", () => {})
            .on("close", () => resolve());
        });
      }),
      { numRuns: 150 },
    );
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

test("whatever a replica answers, the client gets it or an error of OpenAI's shape", async () => {
  const log = vi.spyOn(console, "error");
  const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", url: "http://a" }] });
  let answer: () => Response;
  const gateway = createGateway({ router, upstreamFetch: async () => answer(), breaker: false });
  const statuses = fc.oneof(fc.integer({ min: 100, max: 999 }), fc.constantFrom(0, 200, 204, 205, 304, 301, 700));
  const contents = fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => new Uint8Array(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(statuses, contents, headers, async (status, content, list) => {
      // A transport can give statuses that `new Response` refuses.
      answer = () => {
        const response = new Response(content, { headers: new Headers(list) });
        Object.defineProperty(response, "status", { value: status });
        Object.defineProperty(response, "statusText", { value: status % 2 === 0 ? "fine" : "\u{1f600}\r\n" });
        Object.defineProperty(response, "ok", { value: status >= 200 && status < 300 });
        return response;
      };
      const request = new Request("http://gateway/v1/completions", { method: "POST", body: '{"prompt":"p"}' });
      const response = await gateway.fetch(request);
      const passed = status >= 200 && status <= 599;
      expect(response.status).toBe(passed ? status : 502);
      await expectAnswer(response, passed);
      expect(router.leases).toBe(0);
    }),
    { numRuns: 500 },
  );
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
});
