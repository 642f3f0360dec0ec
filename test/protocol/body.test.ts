import { describe, expect, test } from "vitest";
import { type PromptKind, parseJsonObject, RequestError, readBody, requirePrompt } from "../../src/protocol/index.js";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A request whose body comes in pieces and announces no length. */
function streamed(pieces: Uint8Array[]): { request: Request; left: () => number; cancelled: () => boolean } {
  const left = [...pieces];
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = left.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
  const request = new Request("http://replica/v1/completions", init);
  return { request, left: () => left.length, cancelled: () => cancelled };
}

/** The refusal that a call ends in. */
async function refusal(call: () => unknown): Promise<RequestError> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      (value) => new Error(`no refusal but ${JSON.stringify(value)}`),
      (reason: unknown) => reason,
    );
  if (!(error instanceof RequestError)) throw error;
  return error;
}

describe("readBody", () => {
  test("joins what comes in pieces", async () => {
    const { request } = streamed([bytes("one "), bytes(""), bytes("two")]);
    expect(new TextDecoder().decode(await readBody(request, 100))).toBe("one two");
  });

  test("takes a body of exactly the limit", async () => {
    expect(await readBody(streamed([bytes("1234"), bytes("5678")]).request, 8)).toHaveLength(8);
    const { request } = streamed([bytes("12345678")]);
    request.headers.set("content-length", "8");
    expect(await readBody(request, 8)).toHaveLength(8);
  });

  test("gives nothing for a request without a body", async () => {
    expect(await readBody(new Request("http://replica/", { method: "POST" }), 8)).toHaveLength(0);
  });

  test("refuses by the announced length before it reads", async () => {
    const { request, left } = streamed([bytes("123456789")]);
    request.headers.set("content-length", "9");
    const { status, code, message } = await refusal(() => readBody(request, 8));
    expect({ status, code, left: left() }).toEqual({ status: 413, code: "body_too_large", left: 1 });
    expect(message).toMatch(/9 bytes.*limit is 8/);
  });

  test("refuses by counting, stops reading there and cancels the rest", async () => {
    const { request, left, cancelled } = streamed([bytes("12345"), bytes("6789"), bytes("more"), bytes("and more")]);
    const { status } = await refusal(() => readBody(request, 8));
    expect({ status, left: left(), cancelled: cancelled() }).toEqual({ status: 413, left: 2, cancelled: true });
  });
});

describe("parseJsonObject", () => {
  test("reads an object in UTF-8, also after a byte order mark", () => {
    expect(parseJsonObject(bytes('{"prompt":"é 🚀"}'))).toEqual({ prompt: "é 🚀" });
    expect(parseJsonObject(bytes("\ufeff{}"))).toEqual({});
  });

  test.each([
    ["nothing", bytes(""), /not valid JSON/],
    ["half an object", bytes('{"prompt":'), /not valid JSON/],
    ["bytes that are not UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), /not valid JSON in UTF-8/],
    ["null", bytes("null"), /object, not null/],
    ["an array", bytes("[]"), /object, not an empty array/],
    ["a string", bytes('"prompt"'), /object, not a string/],
    ["a number", bytes("1"), /object, not a number/],
  ])("refuses %s", async (_, body, message) => {
    const error = await refusal(() => parseJsonObject(body));
    expect(error).toMatchObject({ status: 400, type: "invalid_request_error", code: "invalid_json" });
    expect(error.message).toMatch(message);
  });
});

describe("requirePrompt", () => {
  test.each<[PromptKind, string, Record<string, unknown>]>([
    ["completions", "a string", { prompt: "a" }],
    ["completions", "an empty string", { prompt: "" }],
    ["completions", "strings", { prompt: ["a", ""] }],
    ["completions", "token ids", { prompt: [0, 151_642] }],
    ["completions", "lists of token ids", { prompt: [[1], [2, 3]] }],
    ["chat", "messages", { messages: [{ role: "user", content: "a" }] }],
  ])("accepts %s with %s", (kind, _, body) => {
    expect(() => requirePrompt(body, kind)).not.toThrow();
  });

  test.each<[PromptKind, string, Record<string, unknown>, string]>([
    ["completions", "no prompt", { messages: [] }, "nothing"],
    ["completions", "null", { prompt: null }, "null"],
    ["completions", "a number", { prompt: 5 }, "a number"],
    ["completions", "an object", { prompt: {} }, "an object"],
    ["completions", "an empty array", { prompt: [] }, "an empty array"],
    ["completions", "strings and token ids", { prompt: ["a", 1] }, "an array of something else"],
    ["completions", "fractional token ids", { prompt: [1.5] }, "an array of something else"],
    ["completions", "negative token ids", { prompt: [-1] }, "an array of something else"],
    ["completions", "an empty list of token ids", { prompt: [[1], []] }, "an array of something else"],
    ["chat", "no messages", { prompt: "a" }, "nothing"],
    ["chat", "an empty array", { messages: [] }, "an empty array"],
    ["chat", "a string", { messages: "hello" }, "a string"],
    ["chat", "a string among messages", { messages: [{ role: "user" }, "hello"] }, "a string (at 1)"],
    ["chat", "null among messages", { messages: [null] }, "null (at 0)"],
  ])("refuses %s with %s", async (kind, _, body, found) => {
    const param = kind === "chat" ? "messages" : "prompt";
    const error = await refusal(() => requirePrompt(body, kind));
    expect(error).toMatchObject({ status: 400, param, code: `invalid_${param}` });
    expect(error.message).toContain(`not ${found}.`);
  });
});
