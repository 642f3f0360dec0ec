import { describe, expect, test } from "vitest";
import { AnswerFacts } from "../../src/protocol/index.js";

/** What is read of an answer whose first piece has so many bytes, and of whose end so many are held. */
function read(text: string, streamed: boolean, { head = text.length, tail = text.length } = {}) {
  const facts = new AnswerFacts(streamed);
  facts.begin(new TextEncoder().encode(text).subarray(0, head));
  facts.end(tail < text.length ? text.slice(-tail) : text, tail >= text.length);
  return { id: facts.id, model: facts.model, finishReasons: facts.finishReasons };
}

const events = (...data: unknown[]) => data.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("");
const LONG = 'words "quoted" \\ and {"id":"no","model":"no","finish_reason":"no"} '.repeat(200);

describe("of a whole answer", () => {
  const choice = (content: string, finish_reason: string, index = 0) => {
    return { index, message: { role: "assistant", content }, logprobs: null, finish_reason, stop_reason: null };
  };
  const chat = (...choices: object[]) =>
    JSON.stringify({ id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m", choices, usage: {} });

  test("chats and completions", () => {
    const known = { id: "chatcmpl-1", model: "m" };
    expect(read(chat(choice("Hi", "stop")), false)).toEqual({ ...known, finishReasons: ["stop"] });
    const two = chat(choice("b", "length", 1), choice("a", "stop"));
    expect(read(two, false)).toEqual({ ...known, finishReasons: ["stop", "length"] });
  });

  test("one that is longer than what is held of it: the names from its head, the reason from its end", () => {
    const text = chat(choice(LONG, "length"));
    expect(text.length).toBeGreaterThan(10_000);
    const part = { head: 500, tail: 300 };
    expect(read(text, false, part)).toEqual({ id: "chatcmpl-1", model: "m", finishReasons: ["length"] });
    // Nothing is taken from the middle.
    expect(read(text, false, { head: 10, tail: 20 })).toEqual({ id: null, model: null, finishReasons: [] });
  });

  test("with the names behind, as llama.cpp has them: from the whole only", () => {
    const call = { id: "call_1", function: { name: "f", arguments: '{"id":"no"}' } };
    const choices = [{ finish_reason: "tool_calls", message: { tool_calls: [call] } }];
    const text = JSON.stringify({ choices, model: "m", id: "chatcmpl-2" });
    expect(read(text, false)).toEqual({ id: "chatcmpl-2", model: "m", finishReasons: ["tool_calls"] });
    expect(read(text, false, { tail: 10 })).toEqual({ id: null, model: null, finishReasons: [] });
  });

  test("Anthropic's messages", () => {
    const message = { id: "msg_1", type: "message", model: "m", content: [{ type: "text", text: "Hi" }] };
    const known = { id: "msg_1", model: "m", finishReasons: ["end_turn"] };
    expect(read(JSON.stringify({ ...message, stop_reason: "end_turn", usage: {} }), false)).toEqual(known);
    const text = JSON.stringify({ ...message, content: LONG, stop_reason: "end_turn", usage: {} });
    expect(read(text, false, { head: 60, tail: 60 })).toEqual(known);
  });

  test("Responses, complete or not", () => {
    const response = { id: "resp_1", object: "response", model: "m", output: [{ id: "msg_1" }] };
    const reasons = (more: object) => read(JSON.stringify({ ...response, ...more }), false).finishReasons;
    expect(reasons({ status: "completed", incomplete_details: null })).toEqual(["completed"]);
    expect(reasons({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } })).toEqual([
      "max_output_tokens",
    ]);
    expect(reasons({ status: "in_progress" })).toEqual([]);
  });

  test.each(["", "{", "[1]", "null", '"text"', '{"id":7,"model":null,"choices":[null,7]}', '{"id":"', "<html>"])(
    "nothing of %s",
    (text) => {
      const none = { id: null, model: null, finishReasons: [] };
      expect(read(text, false)).toEqual(none);
      expect(read(text, true)).toEqual(none);
      expect(read(`data: ${text}\n\n`, true)).toEqual(none);
    },
  );
});

describe("of a stream", () => {
  test("chats: the names from the first event, the reasons from the last ones", () => {
    const chunk = (choices: object[]) => ({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "m", choices });
    const text = events(
      chunk([{ index: 0, delta: { role: "assistant" }, finish_reason: null }]),
      ...Array.from({ length: 100 }, () => chunk([{ index: 0, delta: { content: LONG.slice(0, 100) } }])),
      chunk([{ index: 1, delta: {}, finish_reason: "length" }]),
      chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
      chunk([]),
    );
    const known = { id: "chatcmpl-1", model: "m", finishReasons: ["stop", "length"] };
    for (const part of [{}, { head: 200, tail: 400 }])
      expect(read(`${text}data: [DONE]\n\n`, true, part)).toEqual(known);
    expect(read(text, true, { head: 30, tail: 150 })).toEqual({ id: "chatcmpl-1", model: "m", finishReasons: [] });
  });

  test("Anthropic's messages", () => {
    const text = [
      { type: "message_start", message: { id: "msg_1", model: "m", stop_reason: null } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: LONG } },
      { type: "message_delta", delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 7 } },
      { type: "message_stop" },
    ]
      .map((event) => `event: ${event.type}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`)
      .join("");
    const known = { id: "msg_1", model: "m", finishReasons: ["max_tokens"] };
    expect(read(text, true, { head: 200, tail: 200 })).toEqual(known);
  });

  test("Responses", () => {
    const response = { id: "resp_1", object: "response", model: "m" };
    const text = events(
      { type: "response.created", response: { ...response, status: "in_progress" } },
      { type: "response.output_text.delta", item_id: "msg_1", delta: "Hi" },
      { type: "response.completed", response: { ...response, status: "completed" } },
    );
    expect(read(text, true)).toEqual({ id: "resp_1", model: "m", finishReasons: ["completed"] });
  });
});
