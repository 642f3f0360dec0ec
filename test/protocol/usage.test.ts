import { describe, expect, test } from "vitest";
import { UsageTail } from "../../src/protocol/index.js";

function read(text: string, pieceBytes = text.length): unknown {
  const tail = new UsageTail();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) tail.push(bytes.subarray(at, at + pieceBytes));
  return tail.read();
}

const usage = {
  prompt_tokens: 40,
  completion_tokens: 7,
  total_tokens: 47,
  prompt_tokens_details: { cached_tokens: 16 },
};
const known = { promptTokens: 40, completionTokens: 7, cachedTokens: 16 };

describe("the usage at the end of an answer", () => {
  test.each<[string, string, unknown]>([
    ["a whole answer", JSON.stringify({ id: "1", choices: [{ text: "Hi" }], usage }), known],
    [
      "with spaces, and more after it",
      JSON.stringify({ choices: [], usage, kv_transfer_params: null }, null, 2),
      known,
    ],
    [
      "a stream of events, of which the last has it",
      `data: {"choices":[{"text":"Hi"}],"usage":null}\n\ndata: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`,
      known,
    ],
    [
      "Responses",
      JSON.stringify({
        output: [],
        usage: { input_tokens: 40, input_tokens_details: { cached_tokens: 16 }, output_tokens: 7, total_tokens: 47 },
      }),
      known,
    ],
    [
      "Anthropic, whose input tokens are those that were not cached",
      JSON.stringify({
        usage: { input_tokens: 20, cache_read_input_tokens: 16, cache_creation_input_tokens: 4, output_tokens: 7 },
      }),
      known,
    ],
    [
      "without details",
      JSON.stringify({ usage: { prompt_tokens: 40, completion_tokens: 7, prompt_tokens_details: null } }),
      { ...known, cachedTokens: null },
    ],
    ["none", JSON.stringify({ choices: [] }), null],
    ["null", JSON.stringify({ usage: null }), null],
    [
      "one that only the text speaks of",
      JSON.stringify({ choices: [{ text: '"usage": {"prompt_tokens": 1}' }] }),
      null,
    ],
    ["one that breaks off", '{"usage":{"prompt_tokens":40', null],
    [
      "figures that are none",
      JSON.stringify({ usage: { prompt_tokens: -1, completion_tokens: "7" } }),
      {
        promptTokens: null,
        completionTokens: null,
        cachedTokens: null,
      },
    ],
    ["an empty answer", "", null],
  ])("%s", (_name, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test("is read whatever the pieces, and however long the answer", () => {
    const text = JSON.stringify({ choices: [{ text: "ä😀".repeat(5000) }], usage });
    for (const pieceBytes of [1, 7, 1000, 100_000]) expect(read(text, pieceBytes)).toEqual(known);
  });
});
