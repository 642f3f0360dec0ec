import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requestText } from "../../src/routing/request-key.js";

const cyclic: unknown[] = [];
cyclic.push(cyclic, { content: cyclic });
const many = "x".repeat(100_000);
const deep = JSON.parse(`${"[".repeat(5000)}"x"${"]".repeat(5000)}`) as unknown;

describe("the text of a request", () => {
  test.each<[string, unknown, string]>([
    ["a text", { text: "Hi" }, "Hi"],
    ["a prompt", { prompt: "Hi" }, "Hi"],
    ["prompts are joined", { prompt: ["ab", "c"] }, "abc"],
    ["messages come before a prompt", { messages: [{ content: "a" }], prompt: "b" }, "a"],
    ["null messages let the prompt count", { messages: null, prompt: "b" }, "b"],
    [
      "contents without roles",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: "b" },
        ],
      },
      "ab",
    ],
    ["a content of parts", { messages: [{ content: [{ type: "text", text: "a" }, "b", null] }] }, "ab"],
    ["an image is nothing", { messages: [{ content: [{ type: "image_url", image_url: { url: "x" } }] }] }, ""],
    ["an object without text gives its content", { messages: [{ content: { content: { text: "a" } } }] }, "a"],
    [
      "null content (a tool call) is nothing",
      { messages: [{ content: null, tool_calls: [{}] }, { content: "z" }] },
      "z",
    ],
    ["a message that is a string", { messages: ["a", "b"] }, "ab"],
    ["messages that are a string", { messages: "a" }, "a"],
    ["token ids are nothing", { prompt: [1, 2, 3] }, ""],
    ["lists of token ids are nothing", { prompt: [[1, 2], [3]] }, ""],
    ["a number is nothing", { prompt: 7 }, ""],
    ["an empty list is nothing", { messages: [] }, ""],
    ["an empty body is nothing", {}, ""],
    ["a list of four thousand million holes ends", { prompt: new Array(2 ** 32 - 1) }, ""],
    ["a content of as many ends", { messages: [{ content: new Array(2 ** 32 - 1) }, { content: "z" }] }, ""],
    ["100,000 values are read, and what comes after is nothing", { prompt: new Array(100_001).fill("x") }, many],
    ["a cycle ends", { messages: cyclic }, ""],
    ["nesting beyond reason is nothing", { prompt: deep }, ""],
  ])("%s", (_name, request, text) => {
    expect(requestText(request as never)).toBe(text);
  });

  test("a body whose fields throw is nothing", () => {
    const request = {
      get messages(): never {
        throw new Error("no");
      },
    };
    expect(requestText(request)).toBe("");
  });

  test("never throws, whatever is given", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true, withBigInt: true }), (value) => {
        for (const request of [value, { prompt: value }, { messages: value }, { messages: [{ content: value }] }]) {
          expect(typeof requestText(request as never)).toBe("string");
        }
      }),
      { numRuns: 500 },
    );
  });
});
