import { describe, expect, test } from "vitest";
import { BACKENDS, type BackendName } from "../../../bench/serving/load/backends.js";
import { EventLines } from "../../../bench/serving/load/event-lines.js";
import { type Answered, type Failed, Reading } from "../../../bench/serving/load/reading.js";
import fc from "../../properties.js";

const controller = {} as Parameters<Reading["onResponseStart"]>[0];
const text = (word: string) => `data: ${JSON.stringify({ choices: [{ text: word }] })}\n\n`;
const usage = { prompt_tokens: 40, completion_tokens: 6, prompt_tokens_details: { cached_tokens: 32 } };
const usageEvent = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
const done = "data: [DONE]\n\n";

/** A recorded answer: pieces, and the ms at which each came. */
interface Recording {
  readonly status?: number;
  readonly type?: string;
  readonly pieces: readonly (readonly [atMs: number, bytes: string])[];
  readonly error?: Error;
}

function read(recording: Recording, backend: BackendName = "vllm", stream = true): Answered | Failed {
  const { status = 200, type = "text/event-stream; charset=utf-8", pieces, error } = recording;
  let nowMs = 0;
  let result: Answered | Failed | undefined;
  const reading = new Reading(
    BACKENDS[backend],
    stream,
    (end) => {
      result = end;
    },
    undefined,
    () => nowMs,
  );
  reading.onResponseStart(controller, status, { "content-type": type });
  for (const [atMs, bytes] of pieces) {
    nowMs = atMs;
    reading.onResponseData(controller, Buffer.from(bytes));
  }
  if (error === undefined) reading.onResponseEnd();
  else reading.onResponseError(controller, error);
  return result!;
}

describe("a stream", () => {
  test("has the times of its pieces with text, its last byte's, and its usage", () => {
    const pieces = [
      [150, text("a")],
      [170, text("")], // no text: no piece
      [180, text("b")],
      [200, text("c") + text("d")], // two events in one piece come at one time
      [205, usageEvent + done],
    ] as const;
    expect(read({ pieces })).toEqual({
      ok: true,
      pieceMs: [150, 180, 200, 200],
      endMs: 205,
      usage: { promptTokens: 40, completionTokens: 6, cachedTokens: 32 },
    });
  });

  test("of a chat begins with its first content, not with its role", () => {
    const delta = (value: object) => `data: ${JSON.stringify({ choices: [{ delta: value }] })}\n\n`;
    const pieces = [
      [100, delta({ role: "assistant", content: "" })],
      [130, delta({ content: "a" })],
      [140, delta({ reasoning_content: "b" }) + done],
    ] as const;
    expect(read({ pieces }, "openai-chat")).toMatchObject({ ok: true, pieceMs: [130, 140], usage: null });
  });

  test("of SGLang's own interface has its usage in meta_info", () => {
    const event = (word: string, completion: number) =>
      `data: ${JSON.stringify({ text: word, meta_info: { prompt_tokens: 9, completion_tokens: completion, cached_tokens: 4 } })}\n\n`;
    const pieces = [
      [10, event("a", 1)],
      [20, event("a b", 2) + done],
    ] as const;
    expect(read({ pieces }, "sglang")).toMatchObject({
      pieceMs: [10, 20],
      usage: { promptTokens: 9, completionTokens: 2, cachedTokens: 4 },
    });
  });

  test.each([
    ["HTTP 503: full", { status: 503, type: "application/json", pieces: [[5, '{"error":{"message":"full"}}']] }],
    ["HTTP 500: it broke", { status: 500, type: "text/plain", pieces: [[5, "it broke"]] }],
    [
      "an error in the stream: lost",
      {
        pieces: [
          [5, text("a")],
          [6, 'data: {"error":{"message":"lost"}}\n\n'],
        ],
      },
    ],
    ["the stream ended before [DONE]", { pieces: [[5, text("a")]] }],
    ["an empty answer", { pieces: [[5, done]] }],
    [
      "an event that is not JSON",
      {
        pieces: [
          [5, "data: {\n\n"],
          [6, done],
        ],
      },
    ],
    ["asked for a stream, and the answer is none", { type: "application/json", pieces: [[5, "{}"]] }],
    ["the connection was cut", { pieces: [[5, text("a")]], error: Object.assign(new Error(), { code: "ECONNRESET" }) }],
  ] satisfies [string, Recording][])("that fails tells why: %s", (cause, recording) => {
    expect(read(recording)).toMatchObject({ ok: false, cause });
  });
});

test("a whole answer is one piece, when it was whole", () => {
  const body = JSON.stringify({ choices: [{ text: "a b c" }], usage });
  const pieces = [
    [50, body.slice(0, 10)],
    [60, body.slice(10)],
  ] as const;
  expect(read({ type: "application/json", pieces }, "vllm", false)).toMatchObject({ pieceMs: [60], endMs: 60 });
});

test("lines of events are the same however the bytes are cut, also within a character", () => {
  const bytes = Buffer.from(`: a comment\r\ndata: ${"ü€𝄞"}\r\nid: 3\n\ndata:{"a": 1}\n\ndata: [DONE]\n\n`);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const lines = new EventLines();
      const found: string[] = [];
      const ends = [...cuts.sort((a, b) => a - b), bytes.length];
      let from = 0;
      for (const end of ends) {
        lines.push(bytes.subarray(from, end), (data) => void found.push(data));
        from = end;
      }
      expect(found).toEqual(["ü€𝄞", '{"a": 1}', "[DONE]"]);
    }),
  );
});

test("what a server is asked is what its kind knows", () => {
  const request = { model: "m", prompt: "p", outputTokens: 7, stream: true, ignoreEos: true };
  const common = { model: "m", prompt: "p", max_tokens: 7, stream: true, stream_options: { include_usage: true } };
  expect(BACKENDS.vllm.body(request)).toEqual({ ...common, temperature: 0, best_of: 1, ignore_eos: true });
  expect(BACKENDS.openai.body(request)).toEqual({ ...common, temperature: 0 });
  expect(BACKENDS.openai.body({ ...request, stream: false })).not.toHaveProperty("stream_options");
  expect(BACKENDS.sglang.body(request)).toMatchObject({ text: "p", sampling_params: { max_new_tokens: 7 } });
});
