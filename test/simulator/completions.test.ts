import { describe, expect, test } from "vitest";
import { simulatedReplica } from "../../src/simulator/index.js";
import { JumpingClock } from "./clocks.js";
import { chat, complete, post, startReplica, tokens } from "./support.js";

describe("/v1/completions", () => {
  test("answers as vLLM does, with 16 tokens unless asked for more", async () => {
    const replica = startReplica({ clock: new JumpingClock(1_700_000_000_500) });
    const answer = await complete(replica, {
      model: "Qwen/Qwen2.5-1.5B-Instruct",
      prompt: "Why is the sky blue?",
      stream: false,
    });
    expect(answer).toEqual({
      id: "cmpl-1",
      object: "text_completion",
      created: 1_700_000_000,
      model: "Qwen/Qwen2.5-1.5B-Instruct",
      choices: [{ index: 0, text: expect.any(String), logprobs: null, finish_reason: "length", stop_reason: null }],
      // "Why", " is", " the", " sky", " blue?"
      usage: {
        prompt_tokens: 5,
        completion_tokens: 16,
        total_tokens: 21,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    });
    expect(answer.choices[0]!.text).toMatch(/^( [a-z]+\.?){16}$/);
  });

  test("answers on the host's clock when it is given no other", async () => {
    const replica = simulatedReplica({ speed: 1000 });
    const { created } = await complete(replica, { prompt: "Why is the sky blue?" });
    expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(60);
    replica.close();
  });

  test("gives a prompt the same answer on every replica", async () => {
    const body = { prompt: "Why is the sky blue?", max_tokens: 40 };
    const [first, second] = await Promise.all([complete(startReplica(), body), complete(startReplica(), body)]);
    expect(second.choices).toEqual(first.choices);
  });

  test("ends an answer where it ends by itself, or goes on when told to ignore that", async () => {
    const replica = startReplica();
    const whole = await complete(replica, { prompt: "Hello", max_tokens: 1000 });
    expect(whole.choices[0]!.finish_reason).toBe("stop");
    const natural = whole.usage!.completion_tokens;
    const cut = await complete(replica, { prompt: "Hello", max_tokens: natural - 1 });
    expect([cut.choices[0]!.finish_reason, cut.usage!.completion_tokens]).toEqual(["length", natural - 1]);
    const on = await complete(replica, { prompt: "Hello", max_tokens: natural + 50, ignore_eos: true });
    expect([on.choices[0]!.finish_reason, on.usage!.completion_tokens]).toEqual(["length", natural + 50]);
    expect(on.choices[0]!.text.startsWith(whole.choices[0]!.text)).toBe(true);
  });

  test("answers each of several prompts, in their order, and counts them together", async () => {
    const replica = startReplica();
    const alone = await complete(replica, { prompt: "two words", max_tokens: 5 });
    const { choices, usage } = await complete(replica, { prompt: ["one", "two words"], max_tokens: 5 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(choices[1]!.text).toBe(alone.choices[0]!.text);
    expect(usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 10 });
  });

  test("takes token ids as they are, one list or several", async () => {
    const replica = startReplica();
    const one = await complete(replica, { prompt: tokens(33), max_tokens: 1 });
    expect(one.usage!.prompt_tokens).toBe(33);
    const several = await complete(replica, { prompt: [tokens(33), [7, 8]], max_tokens: 1 });
    expect(several.usage).toMatchObject({ prompt_tokens: 35, prompt_tokens_details: { cached_tokens: 32 } });
  });
});

describe("/v1/chat/completions", () => {
  test("answers as vLLM does", async () => {
    const replica = startReplica({ model: "some/model" });
    const answer = await chat(replica, { messages: [{ role: "user", content: "Hello" }], max_tokens: 12 });
    expect(answer).toMatchObject({
      id: "chatcmpl-1",
      object: "chat.completion",
      model: "some/model",
      choices: [{ index: 0, message: { role: "assistant", content: expect.any(String) }, finish_reason: "length" }],
      usage: { completion_tokens: 12 },
    });
  });

  test("max_completion_tokens counts before max_tokens; without either the answer ends by itself", async () => {
    const replica = startReplica();
    const messages = [{ role: "user", content: "Hello" }];
    const both = await chat(replica, { messages, max_tokens: 9, max_completion_tokens: 3 });
    expect(both.usage!.completion_tokens).toBe(3);
    expect((await chat(replica, { messages, max_tokens: null })).choices[0]!.finish_reason).toBe("stop");
  });

  test("takes text in parts as the same text in one", async () => {
    const replica = startReplica();
    const parts = [
      { type: "text", text: "Why is " },
      { type: "text", text: "the sky blue?" },
    ];
    const inParts = await chat(replica, { messages: [{ role: "user", content: parts }], max_tokens: 20 });
    const whole = await chat(replica, {
      messages: [{ role: "user", content: "Why is the sky blue?" }],
      max_tokens: 20,
    });
    expect(inParts.choices).toEqual(whole.choices);
  });

  test("prompts with different images, tools or salts share no cache", async () => {
    const replica = startReplica();
    const question = { type: "text", text: "What is there to be seen? ".repeat(10) };
    const image = (url: string) => ({ type: "image_url", image_url: { url } });
    const ask = async (url: string, more: object = {}) => {
      const messages = [{ role: "user", content: [image(url), question] }];
      const { usage } = await chat(replica, { messages, max_tokens: 1, ...more });
      return usage!.prompt_tokens_details!.cached_tokens;
    };
    const tools = [{ type: "function", function: { name: "look" } }];
    expect([await ask("data:a"), await ask("data:b"), await ask("data:a", { tools })]).toEqual([0, 0, 0]);
    expect(await ask("data:a", { cache_salt: "tenant" })).toBe(0);
    expect(await ask("data:a")).toBeGreaterThan(50);
    expect(await ask("data:a", { tools })).toBeGreaterThan(50);
    expect(await ask("data:a", { cache_salt: "tenant" })).toBeGreaterThan(50);
  });

  test("a conversation's next turn finds all that the last one computed, the answer with it", async () => {
    const replica = startReplica();
    const question = { role: "user", content: "Tell me of the sky, in some detail, if you please." };
    const first = await chat(replica, { messages: [question], max_tokens: 60, ignore_eos: true });
    const second = await chat(replica, {
      messages: [question, first.choices[0]!.message, { role: "user", content: "And then?" }],
      max_tokens: 1,
    });
    // The last token of an answer is never computed: nothing follows it.
    const computed = first.usage!.prompt_tokens + 60 - 1;
    expect(second.usage!.prompt_tokens_details!.cached_tokens).toBe(Math.floor(computed / 16) * 16);
  });
});

describe("the second of two equal prompts", () => {
  test.each([1, 16, 17, 100, 160])("of %i tokens finds all but the last, to the block", async (length) => {
    const replica = startReplica();
    const body = { prompt: tokens(length), max_tokens: 4 };
    const cached = [await complete(replica, body), await complete(replica, body)].map(
      ({ usage }) => usage!.prompt_tokens_details!.cached_tokens,
    );
    expect(cached).toEqual([0, Math.floor((length - 1) / 16) * 16]);
  });

  test("is answered sooner, by what it does not compute", async () => {
    const clock = new JumpingClock();
    const replica = startReplica({ clock });
    await complete(replica, { prompt: tokens(1601), max_tokens: 1 });
    const firstMs = clock.now();
    await complete(replica, { prompt: tokens(1601), max_tokens: 1 });
    const secondMs = clock.now() - firstMs;
    // api, then one step: t0 + tP·P + tQ·P·(context + P/2); timers wait whole milliseconds.
    expect(firstMs).toBe(Math.ceil(40 + 14 + 0.07 * 1601 + 1.7e-6 * 1601 * 800.5));
    expect(secondMs).toBe(Math.ceil(40 + 14 + 0.07 + 1.7e-6 * 1600.5));
  });

  test("finds nothing where prefix caching is off", async () => {
    const replica = startReplica({ enablePrefixCaching: false });
    await complete(replica, { prompt: tokens(100) });
    const { usage } = await complete(replica, { prompt: tokens(100) });
    expect(usage!.prompt_tokens_details!.cached_tokens).toBe(0);
  });
});

describe("other pages", () => {
  const get = (path: string) => startReplica().fetch(new Request(`http://replica${path}`));

  test("/v1/models names the model and its context", async () => {
    const { data } = (await (await get("/v1/models")).json()) as { data: object[] };
    expect(data).toEqual([expect.objectContaining({ id: "Qwen/Qwen2.5-1.5B-Instruct", max_model_len: 32_768 })]);
  });

  test("/health answers 200 without a body", async () => {
    const response = await get("/health");
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("stats tell what has been done", async () => {
    const replica = startReplica();
    await complete(replica, { prompt: tokens(40), max_tokens: 5 });
    await (await replica.fetch(post("/v1/completions", { prompt: tokens(40), max_tokens: 5 }))).text();
    expect(replica.stats).toEqual({
      ongoing: 0,
      running: 0,
      waiting: 0,
      usedBlocks: 0,
      blocks: 34_000,
      promptTokens: 80,
      cachedTokens: 32,
      generatedTokens: 10,
    });
  });
});
