import { describe, expect, test } from "vitest";
import { serve, startGateway } from "./support.js";

const COMPLETIONS = "/v1/completions";
const CHAT = "/v1/chat/completions";

interface Case {
  what: string;
  path: string;
  method?: string;
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  status: number;
  error: object;
}

const invalid = { type: "invalid_request_error" };

const cases: Case[] = [
  { what: "no JSON", path: COMPLETIONS, body: "{not json", status: 400, error: invalid },
  { what: "an empty body", path: COMPLETIONS, body: "", status: 400, error: invalid },
  { what: "bytes that are not UTF-8", path: CHAT, body: Uint8Array.of(0x7b, 0xff, 0x7d), status: 400, error: invalid },
  { what: "JSON that is no object", path: CHAT, body: "[1]", status: 400, error: invalid },
  { what: "null", path: CHAT, body: "null", status: 400, error: invalid },
  { what: "no prompt", path: COMPLETIONS, body: '{"model":"m"}', status: 400, error: { ...invalid, param: "prompt" } },
  { what: "no messages", path: CHAT, body: '{"prompt":"p"}', status: 400, error: { ...invalid, param: "messages" } },
  { what: "more than the limit", path: CHAT, body: `{"messages":"${"x".repeat(1000)}"}`, status: 413, error: invalid },
  {
    what: "an encoded body",
    path: CHAT,
    body: "{}",
    headers: { "content-encoding": "gzip" },
    status: 415,
    error: { code: "unsupported_encoding" },
  },
  {
    what: "more headers than the limit",
    path: CHAT,
    body: "{}",
    headers: { "x-a": "x".repeat(20_000), "x-b": "x".repeat(20_000) },
    status: 431,
    error: { code: "headers_too_large" },
  },
  { what: "an unknown path", path: "/v1/complete", body: "{}", status: 404, error: { code: "unknown_path" } },
  { what: "a wrong method", path: CHAT, method: "GET", status: 405, error: { code: "method_not_allowed" } },
  { what: "a wrong method", path: "/metrics", body: "{}", status: 405, error: { code: "method_not_allowed" } },
];

describe("no replica sees a request with", () => {
  test.each(cases)("$what → $status on $path", async ({ path, method = "POST", body, headers, status, error }) => {
    let seen = 0;
    const replica = await serve(() => {
      seen++;
      return new Response("{}");
    });
    const { url, records, router } = await startGateway([replica], { maxBodyBytes: 1000 });
    const response = await fetch(url + path, { method, body: body ?? null, headers: headers ?? {} });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toMatch("application/json");
    const answer = (await response.json()) as { error: object };
    expect(Object.keys(answer.error)).toEqual(["message", "type", "param", "code"]);
    expect(answer.error).toMatchObject({ message: expect.stringMatching(/\S/), ...error });
    expect(seen).toBe(0);
    expect(records).toMatchObject([{ outcome: "bad_request", status, replica: null, reason: null, tries: 0 }]);
    expect(router.replicas[0]!.queueLength).toBe(0);
  });
});

test("a body of unknown length is refused when it passes the limit, not when it ends", async () => {
  const { url } = await startGateway([await serve(() => new Response())], { maxBodyBytes: 100_000 });
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) });
  const response = await fetch(url + CHAT, { method: "POST", body: endless, duplex: "half" } as RequestInit);
  expect(response.status).toBe(413);
});

test("a wrong method is told the right ones", async () => {
  const { url } = await startGateway([await serve(() => new Response())]);
  expect((await fetch(url + CHAT)).headers.get("allow")).toBe("POST");
});
