import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { SseParser } from "../../src/protocol/index.js";
import { UsageTail } from "../../src/protocol/usage.js";
import type { SimulatedReplica } from "../../src/simulator/index.js";
import { chat, post, startReplica } from "./support.js";

const question = "Why is the sky blue? Tell me of it in some detail, if you please, and of the sea as well.";

/** The events of a stream, each with its data read. */
async function events(response: Response): Promise<{ event: string; data: Record<string, never> }[]> {
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  return new SseParser().push(await response.text()).map(({ event, data }) => ({ event, data: JSON.parse(data) }));
}

const client = (replica: SimulatedReplica) =>
  new OpenAI({
    apiKey: "none",
    baseURL: "http://replica/v1",
    fetch: (url, init) => replica.fetch(new Request(url, init)),
  });

describe("/v1/messages", () => {
  const body = { model: "Qwen/Qwen2.5-1.5B-Instruct", messages: [{ role: "user", content: question }], max_tokens: 7 };

  test("answers as Anthropic does, and from the same cache as a chat", async () => {
    const replica = startReplica();
    const asChat = await chat(replica, body);
    const answer = (await (await replica.fetch(post("/v1/messages", body))).json()) as { content: { text: string }[] };
    const cached = Math.floor((asChat.usage!.prompt_tokens - 1) / 16) * 16;
    expect(cached).toBeGreaterThan(0);
    expect(answer).toEqual({
      id: "msg_2",
      type: "message",
      role: "assistant",
      model: body.model,
      content: [{ type: "text", text: asChat.choices[0]!.message.content }],
      stop_reason: "max_tokens",
      stop_sequence: null,
      usage: {
        input_tokens: asChat.usage!.prompt_tokens - cached,
        output_tokens: 7,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: cached,
      },
    });
  });

  test("streams in Anthropic's events, with the same text and a usage that can be read from its end", async () => {
    const replica = startReplica();
    const response = await replica.fetch(post("/v1/messages", { ...body, stream: true }));
    const bytes = new Uint8Array(await response.clone().arrayBuffer());
    const stream = await events(response);
    expect(stream.map(({ event }) => event)).toEqual([
      "message_start",
      "content_block_start",
      ...Array(7).fill("content_block_delta"),
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(stream.every(({ event, data }) => event === data.type)).toBe(true);
    const asChat = await chat(replica, body);
    const text = stream.map(({ data }) => (data.delta as { text?: string } | undefined)?.text ?? "").join("");
    expect(text).toBe(asChat.choices[0]!.message.content);
    const tail = new UsageTail();
    tail.push(bytes);
    expect(tail.read()).toEqual({
      promptTokens: asChat.usage!.prompt_tokens,
      completionTokens: 7,
      cachedTokens: 0,
    });
  });

  test("takes system blocks, and stop sequences", async () => {
    const replica = startReplica();
    const system = [{ type: "text", text: "Be brief." }];
    const ask = async (more: object) =>
      (await replica.fetch(post("/v1/messages", { ...body, max_tokens: 200, ...more }))).json();
    expect(await ask({ stop_sequences: ["."] })).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "." });
    expect(await ask({ max_tokens: 2000 })).toMatchObject({ stop_reason: "end_turn", stop_sequence: null });
    const whole = await ask({ system });
    expect(await ask({ system: "Be brief." })).toMatchObject({ content: (whole as { content: object }).content });
  });

  test("refuses in Anthropic's shape", async () => {
    const refusal = async (more: object) => {
      const response = await startReplica().fetch(post("/v1/messages", { ...body, ...more }));
      return [response.status, await response.json()];
    };
    const error = (type: string, message: unknown) => ({ type: "error", error: { type, message } });
    expect(await refusal({ max_tokens: null })).toEqual([
      400,
      error("invalid_request_error", "max_tokens: field required"),
    ]);
    expect(await refusal({ model: "x" })).toEqual([404, error("not_found_error", "The model `x` does not exist.")]);
    expect(await refusal({ messages: [] })).toEqual([
      400,
      error("invalid_request_error", expect.stringMatching(/messages/)),
    ]);
  });
});

describe("/v1/responses", () => {
  test("is read by OpenAI's client, whole", async () => {
    const replica = startReplica();
    const answer = await client(replica).responses.create({ model: replica.model, input: question });
    const asChat = await chat(replica, { messages: [{ role: "user", content: question }] });
    expect(answer.output_text).toBe(asChat.choices[0]!.message.content);
    expect(answer).toMatchObject({ object: "response", status: "completed", incomplete_details: null });
    expect(answer.usage).toMatchObject({
      input_tokens: asChat.usage!.prompt_tokens,
      output_tokens: asChat.usage!.completion_tokens,
      input_tokens_details: { cached_tokens: 0 },
    });
  });

  test("is read by OpenAI's client, streamed, with instructions and parts", async () => {
    const replica = startReplica();
    const stream = await client(replica).responses.create({
      model: replica.model,
      instructions: "Be brief.",
      input: [{ role: "user", content: [{ type: "input_text", text: question }] }],
      max_output_tokens: 6,
      stream: true,
    });
    let text = "";
    const types: string[] = [];
    for await (const event of stream) {
      expect(event.sequence_number).toBe(types.length);
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.incomplete") expect(event.response.usage?.output_tokens).toBe(6);
    }
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: question },
    ];
    const asChat = await chat(replica, { messages, max_tokens: 6 });
    expect(text).toBe(asChat.choices[0]!.message.content);
    expect(types.slice(0, 4)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
    ]);
    expect(types.at(-1)).toBe("response.incomplete");
  });

  test("goes on with none that is stored, and refuses what is no input", async () => {
    const replica = startReplica();
    const ask = (body: object) => replica.fetch(post("/v1/responses", body));
    const later = await ask({ input: "a", previous_response_id: "resp_1" });
    expect([later.status, await later.text()]).toEqual([404, expect.stringContaining("'resp_1' not found")]);
    for (const input of [undefined, 5, [], ["a"]]) expect((await ask({ input })).status).toBe(400);
    const call = await ask({ input: [{ type: "function_call_output", call_id: "1", output: "42" }] });
    expect(call.status).toBe(200);
  });
});

describe("/v1/embeddings", () => {
  test("gives the same text the same vector of length 1, and texts that share words near ones", async () => {
    const input = [question, question, `${question} Thank you.`, "0123 4567 8910"];
    const { data, usage } = await client(startReplica()).embeddings.create({
      model: "Qwen/Qwen2.5-1.5B-Instruct",
      input,
    });
    const dot = (a: number, b: number) =>
      data[a]!.embedding.reduce((sum, value, i) => sum + value * data[b]!.embedding[i]!, 0);
    expect(data.map(({ embedding }) => embedding.length)).toEqual([384, 384, 384, 384]);
    expect(dot(0, 1)).toBeCloseTo(1, 5);
    expect(dot(0, 2)).toBeGreaterThan(0.8);
    expect(dot(0, 3)).toBeLessThan(0.4);
    expect(usage.prompt_tokens).toBeGreaterThan(60);
  });

  test("in base64, which OpenAI's client asks for, says the same as in numbers", async () => {
    const replica = startReplica();
    const model = replica.model;
    const packed = await client(replica).embeddings.create({ model, input: "Hello", dimensions: 32 });
    const plain = await client(replica).embeddings.create({
      model,
      input: "Hello",
      dimensions: 32,
      encoding_format: "float",
    });
    expect(packed.data[0]!.embedding).toEqual(plain.data[0]!.embedding);
  });

  test.each([{}, { input: [] }, { input: "a", dimensions: 0 }, { input: "a", encoding_format: "int8" }])(
    "refuses %j",
    async (body) => {
      expect((await startReplica().fetch(post("/v1/embeddings", body))).status).toBe(400);
    },
  );
});

test("/v1/rerank puts the document first that shares the most with the query", async () => {
  const replica = startReplica();
  const body = {
    query: "why is the sky blue",
    documents: ["cats and dogs", "the sky is blue for a reason", "a stone"],
    top_n: 2,
  };
  const { results } = (await (await replica.fetch(post("/v1/rerank", body))).json()) as {
    results: { index: number; relevance_score: number }[];
  };
  expect([results.length, results[0]!.index]).toEqual([2, 1]);
  expect(results[0]!.relevance_score).toBeGreaterThan(results[1]!.relevance_score);
  expect((await replica.fetch(post("/v1/rerank", { query: "a" }))).status).toBe(400);
});
