import { describe, expect, test } from "vitest";
import { DataError, readEntries, tokenize } from "../../src/workloads/index.js";
import { lines } from "./support.js";

const hello = "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n";
const more = `${hello}Hi!<|im_end|>\n<|im_start|>user\nMore<|im_end|>\n<|im_start|>assistant\n`;

const requests = (text: string) => readEntries(text, "file").flatMap((entry) => entry.requests());
const prompts = (text: string) => requests(text).map(({ prompt }) => prompt);

describe("files of conversations", () => {
  test("ShareGPT's, a list", () => {
    const turns = ["human Hello", "gpt Hi!", "human More", "gpt Yes"].map((turn) => {
      const [from, value] = turn.split(" ");
      return { from, value };
    });
    expect(requests(JSON.stringify([{ id: "a", conversations: turns }]))).toEqual([
      { prompt: hello, answer: "Hi!" },
      { prompt: more, answer: "Yes" },
    ]);
  });

  test("OpenAI's messages, a conversation a line; parts, tools and calls", () => {
    const messages = [
      { role: "user", content: [{ type: "text", text: "Hel" }, { text: "lo" }, { type: "image_url" }] },
      { role: "assistant", content: null, tool_calls: [{ id: "1" }] },
      { role: "tool", content: "done" },
      { role: "assistant", content: "ok" },
    ];
    const [first, second] = requests(lines({ messages, tools: "[1]" }, { messages: [] }));
    expect(first!.prompt).toBe(
      "<|im_start|>system\n[1]<|im_end|>\n<|im_start|>user\nHello[image_url]<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(first!.answer).toBe('[{"id":"1"}]');
    expect(second!.prompt).toBe(
      `${first!.prompt}${first!.answer}<|im_end|>\n<|im_start|>tool\ndone<|im_end|>\n<|im_start|>assistant\n`,
    );
  });

  test("a conversation without an answer is one request", () => {
    expect(requests(lines({ messages: [{ role: "user", content: "Hello" }] }))).toEqual([{ prompt: hello }]);
  });

  test("prompts, names for what they begin with, lengths to generate; blank lines and a byte order mark", () => {
    const text = `\uFEFF${lines({ prefixes: { "@a": "Rules. " } }, { prefix: "@a", prompt: "Go" })}\n\n{"text":"Stop","output_len":7}\n`;
    expect(prompts(text)).toEqual(["Rules. Go", "Stop"]);
    expect(readEntries(text, "file").map(({ prefix, outputTokens }) => [prefix, outputTokens])).toEqual([
      ["@a", undefined],
      [undefined, 7],
    ]);
  });

  test("a named system prompt", () => {
    const messages = [{ role: "system", content: "@p" }, { role: "assistant" }];
    expect(prompts(lines({ system_prompts: { "@p": "Be kind." } }, { messages }))).toEqual([
      "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>assistant\n",
    ]);
  });

  test("a trace of block hashes: equal blocks are equal text", () => {
    const [first, second] = prompts(
      lines({ input_length: 700, hash_ids: [1, 2] }, { input_length: 600, hash_ids: [1, 3] }),
    );
    const [firstTokens, secondTokens] = [tokenize(first!), tokenize(second!)];
    expect([firstTokens.length, secondTokens.length]).toEqual([700, 600]);
    expect(secondTokens.slice(0, 512)).toEqual(firstTokens.slice(0, 512));
    expect(secondTokens.slice(512, 516)).not.toEqual(firstTokens.slice(512, 516));
  });

  test.each([
    ["half a line", '{"messages":[]}\n{"messages"', /^file, line 2: neither JSON nor JSON Lines: /],
    [
      "other fields",
      lines({ text: "a" }, { lengths: 1 }),
      "file, line 2: expected messages, conversations, prompt, text or hash_ids, not lengths",
    ],
    ["numbers", "[1]", "file, record 1: expected an object, not 1"],
    ["nothing", "[]", "file: no conversation in it"],
    ["nothing at all", "", "file: no conversation in it"],
    ["a message that is none", lines({ messages: [1] }), "file, record 1: message 1 must be an object, not 1"],
    [
      "a message of nobody",
      lines({ messages: [{ content: "Hello" }] }),
      'file, record 1: message 1 must have a role, or from, not {"content":"Hello"}',
    ],
    [
      "a length that is none",
      lines({ prompt: "a" }, { prompt: "b", output_len: 0.5 }),
      "file, line 2: output_len must be a whole number, 1 or more, not 0.5",
    ],
  ])("%s: refused, with the place and what was expected", (_, text, message) => {
    expect(() => readEntries(text, "file")).toThrow(DataError);
    expect(() => readEntries(text, "file")).toThrow(message);
  });
});
