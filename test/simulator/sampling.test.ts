import { describe, expect, test } from "vitest";
import { type ChatCompletionChunk, type CompletionChunk, SseParser } from "../../src/protocol/index.js";
import type { SimulatedReplica } from "../../src/simulator/index.js";
import { chat, complete, post, startReplica, tokens } from "./support.js";

const prompt = "Why is the sky blue?";

async function streamed<Chunk>(replica: SimulatedReplica, path: string, body: object): Promise<Chunk[]> {
  const response = await replica.fetch(post(path, { ...body, stream: true }));
  const events = new SseParser().push(await response.text()).map(({ data }) => data);
  expect(events.pop()).toBe("[DONE]");
  return events.map((data) => JSON.parse(data) as Chunk);
}

describe("stop", () => {
  test("ends an answer before the string, in the token that completes it", async () => {
    const replica = startReplica();
    const whole = (await complete(replica, { prompt, max_tokens: 12 })).choices[0]!.text;
    const words = whole.split(" ").slice(1);
    // Across the border of the fourth and the fifth token.
    const stop = `${words[3]!.at(-1)} ${words[4]![0]}`;
    const { choices, usage } = await complete(replica, { prompt, max_tokens: 12, stop: ["never", stop] });
    expect(choices[0]).toMatchObject({
      text: whole.slice(0, whole.indexOf(stop)),
      finish_reason: "stop",
      stop_reason: stop,
    });
    const shown = whole.slice(0, whole.indexOf(stop) + stop.length);
    expect(usage!.completion_tokens).toBe(shown.split(" ").length - 1);
    const included = await complete(replica, { prompt, max_tokens: 12, stop, include_stop_str_in_output: true });
    expect(included.choices[0]!.text).toBe(shown);
  });

  test("gives the same text in a stream, and frees the blocks at the end", async () => {
    const replica = startReplica();
    const whole = await complete(replica, { prompt, max_tokens: 200, stop: "." });
    const chunks = await streamed<CompletionChunk>(replica, "/v1/completions", { prompt, max_tokens: 200, stop: "." });
    expect(chunks.map(({ choices }) => choices[0]!.text).join("")).toBe(whole.choices[0]!.text);
    expect(chunks.at(-1)!.choices[0]).toMatchObject({ finish_reason: "stop", stop_reason: "." });
    expect(whole.choices[0]!.text).not.toContain(".");
    expect(replica.stats).toMatchObject({ running: 0, usedBlocks: 0 });
  });

  test("does not end an answer before min_tokens, nor does the answer itself", async () => {
    const replica = startReplica();
    const stopped = await complete(replica, { prompt, max_tokens: 100, stop: " ", min_tokens: 40 });
    expect(stopped.usage!.completion_tokens).toBe(41);
    const natural = (await complete(replica, { prompt, max_tokens: 1000 })).usage!.completion_tokens;
    const longer = await complete(replica, { prompt, max_tokens: 1000, min_tokens: natural + 10 });
    expect(longer.usage!.completion_tokens).toBe(natural + 10);
    expect(longer.choices[0]!.finish_reason).toBe("stop");
  });
});

describe("n", () => {
  test("gives several different answers to each prompt, whose tokens count once", async () => {
    const replica = startReplica();
    const { choices, usage } = await complete(replica, { prompt: [tokens(40, 1), tokens(40, 2)], n: 3, max_tokens: 6 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(new Set(choices.map(({ text }) => text)).size).toBe(6);
    expect(usage).toMatchObject({ prompt_tokens: 80, completion_tokens: 36 });
    const alone = await complete(startReplica(), { prompt: tokens(40, 2), max_tokens: 6 });
    expect(choices[3]!.text).toBe(alone.choices[0]!.text);
  });

  test("opens each of a chat's streams", async () => {
    const body = { messages: [{ role: "user", content: prompt }], n: 2, max_tokens: 4 };
    const chunks = await streamed<ChatCompletionChunk>(startReplica(), "/v1/chat/completions", body);
    expect(chunks.slice(0, 2).map(({ choices }) => [choices[0]!.index, choices[0]!.delta.role])).toEqual([
      [0, "assistant"],
      [1, "assistant"],
    ]);
    const whole = await chat(startReplica(), body);
    for (const { index, message } of whole.choices) {
      const own = chunks.map(({ choices }) => choices[0]!).filter((choice) => choice.index === index);
      expect(own.map(({ delta }) => delta.content).join("")).toBe(message.content);
    }
  });
});

test("echo puts the prompt before the answer", async () => {
  const replica = startReplica();
  const plain = await complete(replica, { prompt, max_tokens: 5 });
  const echoed = await complete(replica, { prompt, max_tokens: 5, echo: true });
  expect(echoed.choices[0]!.text).toBe(prompt + plain.choices[0]!.text);
  const chunks = await streamed<CompletionChunk>(replica, "/v1/completions", { prompt, max_tokens: 5, echo: true });
  expect(chunks.map(({ choices }) => choices[0]!.text).join("")).toBe(echoed.choices[0]!.text);
  const unseen = await replica.fetch(post("/v1/completions", { prompt: [5, 6], echo: true }));
  expect([unseen.status, await unseen.text()]).toEqual([400, expect.stringContaining("5 is no token")]);
});

test("logprobs are made up, the same each time, and in the shape of each API", async () => {
  const replica = startReplica();
  const { choices } = await complete(replica, { prompt, max_tokens: 4, logprobs: 2 });
  const { text, logprobs } = choices[0]!;
  expect(logprobs!.tokens.join("")).toBe(text);
  expect(logprobs!.text_offset).toEqual(logprobs!.tokens.map((_, i, all) => all.slice(0, i).join("").length));
  logprobs!.top_logprobs.forEach((top, i) => {
    expect(Object.keys(top)).toHaveLength(2);
    expect(Math.max(...Object.values(top))).toBe(logprobs!.token_logprobs[i]);
    expect(top[logprobs!.tokens[i]!]).toBe(logprobs!.token_logprobs[i]);
  });
  const chunks = await streamed<CompletionChunk>(replica, "/v1/completions", { prompt, max_tokens: 4, logprobs: 2 });
  expect(chunks.flatMap((chunk) => chunk.choices[0]!.logprobs!.text_offset)).toEqual(logprobs!.text_offset);
  const messages = [{ role: "user", content: prompt }];
  const asked = await chat(replica, { messages, max_tokens: 3, logprobs: true, top_logprobs: 2 });
  const content = asked.choices[0]!.logprobs!.content;
  expect(content.map(({ token }) => token).join("")).toBe(asked.choices[0]!.message.content);
  expect(content.map(({ top_logprobs }) => top_logprobs.length)).toEqual([2, 2, 2]);
  expect(String.fromCharCode(...content[0]!.bytes)).toBe(content[0]!.token);
});

test("continuous_usage_stats tells the usage with each piece", async () => {
  const options = { continuous_usage_stats: true, include_usage: true };
  const body = { prompt, max_tokens: 4, stream_options: options };
  const chunks = await streamed<CompletionChunk>(startReplica(), "/v1/completions", body);
  expect(chunks.map(({ usage }) => usage!.completion_tokens)).toEqual([1, 2, 3, 4, 4]);
});

test("an answer's id ends with the request's x-request-id", async () => {
  const replica = startReplica();
  const answer = await replica.fetch(post("/v1/completions", { prompt }, { headers: { "x-request-id": "abc" } }));
  expect(((await answer.json()) as { id: string }).id).toBe("cmpl-abc");
});
