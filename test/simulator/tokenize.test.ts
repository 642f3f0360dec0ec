import { describe, expect, test } from "vitest";
import { chat, complete, post, startReplica } from "./support.js";

async function answer(replica: ReturnType<typeof startReplica>, path: string, body: object): Promise<unknown> {
  return (await replica.fetch(post(path, body))).json();
}

describe("/tokenize and /detokenize", () => {
  test("answer as vLLM's, and undo each other", async () => {
    const replica = startReplica();
    const tokenized = await answer(replica, "/tokenize", { prompt: "Why is the sky blue?", return_token_strs: true });
    expect(tokenized).toEqual({
      count: 5,
      max_model_len: 32_768,
      tokens: expect.any(Array),
      token_strs: ["Why", " is", " the", " sky", " blue?"],
    });
    const { tokens } = tokenized as { tokens: number[] };
    expect(await answer(replica, "/detokenize", { tokens })).toEqual({ prompt: "Why is the sky blue?" });
    expect(await answer(replica, "/tokenize", { prompt: "Why" })).toMatchObject({ token_strs: null });
  });

  test("count a chat as it is counted when it is answered", async () => {
    const replica = startReplica();
    const messages = [{ role: "user", content: "Hello there, who are you?" }];
    const { count } = (await answer(replica, "/tokenize", { messages })) as { count: number };
    expect(count).toBe((await chat(replica, { messages, max_tokens: 1 })).usage!.prompt_tokens);
  });

  test.each<[string, object, number, RegExp]>([
    ["/tokenize", { prompt: 5 }, 400, /prompt must be a string, or messages in its place, not 5/],
    ["/tokenize", { prompt: "a", model: "x" }, 404, /`x` does not exist/],
    ["/detokenize", { tokens: ["a"] }, 400, /tokens must be an array of token ids, not /],
    ["/detokenize", { tokens: [7] }, 400, /7 is no token that this replica has made of a text/],
  ])("%s refuses %j", async (path, body, status, message) => {
    const response = await startReplica().fetch(post(path, body));
    expect([response.status, await response.text()]).toEqual([status, expect.stringMatching(message)]);
  });
});

describe("a tokenizer of one's own", () => {
  /** A token a character. */
  const tokenizer = (text: string) => Array.from(text, (character) => character.codePointAt(0)!);
  const detokenizer = (tokens: readonly number[]) => String.fromCodePoint(...tokens);

  test("cuts prompts, and answers too: the next turn finds both", async () => {
    const replica = startReplica({ tokenizer });
    const first = await complete(replica, { prompt: "x".repeat(100), max_tokens: 60, ignore_eos: true });
    expect(first.usage).toMatchObject({ prompt_tokens: 100, completion_tokens: 60 });
    const prompt = `${"x".repeat(100)}${first.choices[0]!.text}, go on`;
    const next = await complete(replica, { prompt, max_tokens: 1 });
    // The last word may be cut: what it has of it is not in the text.
    const whole = 100 + first.choices[0]!.text.length;
    expect(next.usage!.prompt_tokens_details!.cached_tokens).toBe(Math.floor(Math.min(whole, 159) / 16) * 16);
  });

  test("tokenizes at /tokenize, and detokenizes if it can", async () => {
    const replica = startReplica({ tokenizer, detokenizer });
    expect(await answer(replica, "/tokenize", { prompt: "añ", return_token_strs: true })).toMatchObject({
      tokens: [97, 241],
      token_strs: ["a", "ñ"],
    });
    expect(await answer(replica, "/detokenize", { tokens: [97, 241] })).toEqual({ prompt: "añ" });
    const without = await startReplica({ tokenizer }).fetch(post("/detokenize", { tokens: [97] }));
    expect([without.status, await without.text()]).toEqual([501, expect.stringContaining("no detokenizer")]);
  });

  test("that gives something else than token ids is told so", async () => {
    const replica = startReplica({ tokenizer: () => ["a"] as unknown as number[] });
    const request = replica.fetch(post("/v1/completions", { prompt: "a" }));
    await expect(request).rejects.toThrow("tokenizer must return an array of token ids, 0 or more, not a");
  });
});
