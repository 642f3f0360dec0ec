import OpenAI, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { describe, expect, test } from "vitest";
import { GONE, KEY, LONG, MODEL, SLOW_KEY, servedGateway } from "./gateway.js";

const gateway = servedGateway();

function client(apiKey = KEY): OpenAI {
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
}

const messages = (content: string): OpenAI.ChatCompletionMessageParam[] => [
  {
    role: "system",
    content: "You are a poet who knows all that there is to know about the sky, and says so at length.",
  },
  { role: "user", content },
];

async function thrown(work: Promise<unknown>): Promise<APIError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(APIError);
  return error;
}

describe("answers", () => {
  test("a chat, and its next turn from the cache of the same replica", async () => {
    const first = await client().chat.completions.create({
      model: MODEL,
      messages: messages("Why blue?"),
      max_tokens: 8,
    });
    const [choice] = first.choices;
    expect(choice).toMatchObject({ finish_reason: "length", message: { role: "assistant" } });
    expect(first.usage).toMatchObject({ completion_tokens: 8 });
    const next: OpenAI.ChatCompletionMessageParam[] = [
      ...messages("Why blue?"),
      { role: "assistant", content: choice!.message.content },
      { role: "user", content: "And red?" },
    ];
    const second = await client()
      .chat.completions.create({ model: MODEL, messages: next, max_tokens: 8 })
      .withResponse();
    expect(second.data.usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(16);
    expect(second.response.headers.get("x-warmroute-reason")).toBe("prefix_match");
  });

  test("a chat as a stream, with its usage", async () => {
    const stream = await client().chat.completions.create({
      model: MODEL,
      messages: messages("In pieces, please."),
      max_tokens: 12,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("").length).toBeGreaterThan(0);
    expect(chunks.at(-1)!.usage).toMatchObject({ completion_tokens: 12 });
    expect(chunks.some((chunk) => chunk.choices[0]?.finish_reason === "length")).toBe(true);
  });

  test("the stream helper adds a chat up", async () => {
    const runner = client().chat.completions.stream({ model: MODEL, messages: messages("Add up."), max_tokens: 6 });
    let text = "";
    runner.on("content", (delta) => {
      text += delta;
    });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]!.message.content).toBe(text);
  });

  test("a completion, whole and as a stream", async () => {
    const body = { model: MODEL, prompt: "Once upon a time", max_tokens: 5 };
    const whole = await client().completions.create(body);
    expect(whole.usage).toMatchObject({ completion_tokens: 5 });
    let text = "";
    for await (const chunk of await client().completions.create({ ...body, stream: true })) {
      text += chunk.choices[0]?.text ?? "";
    }
    expect(text.length).toBeGreaterThan(0);
  });

  test("a response, whole and as a stream", async () => {
    const body = { model: MODEL, input: "Why is the sky blue?", max_output_tokens: 6 };
    const whole = await client().responses.create(body);
    expect(whole.output_text.length).toBeGreaterThan(0);
    expect(whole.usage!.output_tokens).toBe(6);
    const types: string[] = [];
    let text = "";
    for await (const event of await client().responses.create({ ...body, stream: true })) {
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    expect([types[0], text.length > 0]).toEqual(["response.created", true]);
    expect(["response.completed", "response.incomplete"]).toContain(types.at(-1));
  });

  test("embeddings", async () => {
    const { data, usage } = await client().embeddings.create({ model: MODEL, input: ["the sky", "the sea"] });
    expect(data.map(({ index, embedding }) => [index, embedding.length > 0])).toEqual([
      [0, true],
      [1, true],
    ]);
    expect(data[0]!.embedding.every(Number.isFinite)).toBe(true);
    expect(usage.prompt_tokens).toBeGreaterThan(0);
  });

  test("the models", async () => {
    const names: string[] = [];
    for await (const model of client().models.list()) names.push(model.id);
    expect(names).toContain(MODEL);
  });

  test("each has an id, which the client shows and the log has", async () => {
    const answer = await client().chat.completions.create({ model: MODEL, messages: messages("Id?"), max_tokens: 2 });
    const record = await gateway.record(answer._request_id!);
    expect(record).toMatchObject({ outcome: "completed", key: "team", requestModel: MODEL, completionTokens: 2 });
  });
});

describe("a client that leaves", () => {
  test("in the middle of a stream ends it at the gateway", async () => {
    const { data: stream, request_id } = await client()
      .chat.completions.create({ model: MODEL, messages: messages("At length."), stream: true, ...LONG })
      .withResponse();
    for await (const _ of stream) break;
    expect(await gateway.record(request_id!)).toMatchObject({ outcome: "client_left", streamed: true });
  });

  test("before the answer hears of it as an abort of its own", async () => {
    const controller = new AbortController();
    const headers = { "x-request-id": "left-early" };
    const asked = client().chat.completions.create(
      { model: MODEL, messages: messages("Never mind."), ...LONG },
      { signal: controller.signal, headers },
    );
    const failed = thrown(asked);
    // Once the replica works on it.
    while ((await running()) === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await failed).toBeInstanceOf(APIUserAbortError);
    expect(await gateway.record("left-early")).toMatchObject({ outcome: "client_left", status: 499 });
  });

  async function running(): Promise<number> {
    const pages = await Promise.all(gateway.replicas.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    const counts = pages.map((page) => Number(/^vllm:num_requests_running\{.*\} (\S+)$/m.exec(page)![1]));
    return counts.reduce((sum, count) => sum + count, 0);
  }
});

describe("errors are those that the client knows", () => {
  const ask = (apiKey?: string, more: object = {}) =>
    client(apiKey).chat.completions.create({ model: MODEL, messages: messages("Hello"), max_tokens: 2, ...more });

  test("BadRequestError from the gateway: no messages", async () => {
    const error = await thrown(ask(KEY, { messages: undefined }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, param: "messages", type: "invalid_request_error" });
    expect(error.requestID).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("BadRequestError from the replica: more tokens than the model can have", async () => {
    const error = await thrown(ask(KEY, { max_tokens: 10_000_000 }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(await gateway.record(error.requestID!)).toMatchObject({ outcome: "replica_error", status: 400 });
  });

  test("AuthenticationError: a key that is not known", async () => {
    expect(await thrown(ask("sk-unknown"))).toBeInstanceOf(AuthenticationError);
  });

  test("NotFoundError: a model that is not served", async () => {
    const error = await thrown(ask(KEY, { model: "gpt-unknown" }));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error.code).toBe("model_not_found");
  });

  test("RateLimitError: more than the key may have, with when to come again", async () => {
    await ask(SLOW_KEY);
    const error = await thrown(ask(SLOW_KEY));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(Number(error.headers!.get("retry-after"))).toBeGreaterThan(0);
  });

  test("InternalServerError: no replica can be reached", async () => {
    const error = await thrown(ask(KEY, { model: GONE }));
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 502, code: "replica_unreachable" });
  });

  test("APIError in the middle of a stream: the replica broke off", async () => {
    await gateway.cut(3);
    const stream = await client().chat.completions.create({
      model: MODEL,
      messages: messages("Break off."),
      max_tokens: 50,
      stream: true,
    });
    let chunks = 0;
    const error = await thrown(
      (async () => {
        for await (const _ of stream) chunks++;
      })(),
    );
    expect(chunks).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: "replica_broke" });
    for (const url of gateway.replicas) await fetch(`${url}/admin/faults`, { method: "DELETE" });
  });
});
