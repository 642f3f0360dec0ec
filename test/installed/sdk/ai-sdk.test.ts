import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createOpenAICompatible, type OpenAICompatibleProvider } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GONE, KEY, LONG, MODEL, servedGateway } from "../../e2e/sdk/gateway.js";

const TOOLS = "with-tools";
let replica: Server;
const seen: ChatBody[] = [];

beforeAll(async () => {
  replica = await toolReplica(seen);
});
afterAll(() => void replica.close());

const gateway = servedGateway(() => ({ [TOOLS]: `http://127.0.0.1:${(replica.address() as AddressInfo).port}` }));

function provider(apiKey = KEY): OpenAICompatibleProvider {
  return createOpenAICompatible({ name: "warmroute", baseURL: `${gateway.url}/v1`, apiKey, includeUsage: true });
}

const system = "You are a poet who knows all that there is to know about the sky, and says so at length.";
const once = { maxRetries: 0 };

describe("answers", () => {
  test("generateText, and the next turn from the cache", async () => {
    const model = provider()(MODEL);
    const first = await generateText({ model, system, prompt: "Why blue?", maxOutputTokens: 8, ...once });
    expect(first.usage.outputTokens).toBe(8);
    expect(first.finishReason).toBe("length");
    const second = await generateText({
      model,
      system,
      messages: [
        { role: "user", content: "Why blue?" },
        { role: "assistant", content: first.text },
        { role: "user", content: "And red?" },
      ],
      maxOutputTokens: 8,
      ...once,
    });
    expect(second.usage.cachedInputTokens).toBeGreaterThan(16);
  });

  test("streamText, with its usage", async () => {
    const result = streamText({
      model: provider()(MODEL),
      system,
      prompt: "In pieces, please.",
      maxOutputTokens: 12,
      ...once,
    });
    let text = "";
    for await (const delta of result.textStream) text += delta;
    expect(text.length).toBeGreaterThan(0);
    expect((await result.usage).outputTokens).toBe(12);
  });

  test("embedMany", async () => {
    const model = provider().textEmbeddingModel(MODEL);
    const { embeddings } = await embedMany({ model, values: ["the sky", "the sea"], ...once });
    expect(embeddings.map((embedding) => embedding.length > 0)).toEqual([true, true]);
  });
});

describe("tools pass through", () => {
  const tools = {
    weather: tool({
      description: "The weather of a city",
      inputSchema: jsonSchema<{ city: string }>({
        type: "object",
        properties: { city: { type: "string" } },
        required: ["city"],
      }),
      execute: async ({ city }) => `it rains in ${city}`,
    }),
  };

  test("whole: the call comes to the client, and its result to the replica", async () => {
    seen.length = 0;
    const { text, steps } = await generateText({
      model: provider()(TOOLS),
      prompt: "What is the weather?",
      tools,
      stopWhen: stepCountIs(2),
      ...once,
    });
    expect(steps[0]!.toolCalls).toMatchObject([{ toolName: "weather", input: { city: "Bern" } }]);
    expect(text).toBe("it rains in Bern");
    expect(seen[0]!.tools[0]!.function.name).toBe("weather");
  });

  test("as a stream: its arguments in pieces", async () => {
    seen.length = 0;
    const result = streamText({
      model: provider()(TOOLS),
      prompt: "What is the weather?",
      tools,
      stopWhen: stepCountIs(2),
      ...once,
    });
    expect(await result.text).toBe("it rains in Bern");
    expect((await result.steps)[0]!.toolCalls).toMatchObject([{ toolName: "weather", input: { city: "Bern" } }]);
    expect(seen.at(-1)!.messages.at(-1)).toMatchObject({ role: "tool", content: "it rains in Bern" });
  });
});

describe("what goes wrong", () => {
  const ask = (model = MODEL, apiKey?: string) =>
    generateText({ model: provider(apiKey)(model), prompt: "Hello", maxOutputTokens: 2, ...once });

  test.each([
    ["a key that is not known", MODEL, "sk-unknown", 401, false],
    ["a model that is not served", "unknown", KEY, 404, false],
    ["no replica can be reached: to be tried again", GONE, KEY, 502, true],
  ])("%s", async (_, model, key, statusCode, isRetryable) => {
    const error = await ask(model, key).then(
      () => undefined,
      (reason) => reason,
    );
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode, isRetryable });
    expect(error.message).not.toBe("");
  });

  test("a client that leaves ends the stream at the gateway", async () => {
    const controller = new AbortController();
    const result = streamText({
      model: provider()(MODEL),
      prompt: "At length.",
      providerOptions: { warmroute: LONG },
      headers: { "x-request-id": "ai-sdk-left" },
      abortSignal: controller.signal,
      ...once,
    });
    const parts: string[] = [];
    for await (const part of result.fullStream) {
      parts.push(part.type);
      if (part.type === "text-delta") controller.abort();
    }
    expect(parts.at(-1)).toBe("abort");
    expect(await gateway.record("ai-sdk-left")).toMatchObject({ outcome: "client_left", streamed: true });
  });

  test("a replica that breaks off in the middle is an error of the stream", async () => {
    await gateway.cut(3);
    const result = streamText({
      model: provider()(MODEL),
      prompt: "Break off.",
      maxOutputTokens: 50,
      onError: () => {},
      ...once,
    });
    const errors: unknown[] = [];
    for await (const part of result.fullStream) if (part.type === "error") errors.push(part.error);
    expect(JSON.stringify(errors) + String(errors)).toContain("broke off");
    for (const url of gateway.replicas) await fetch(`${url}/admin/faults`, { method: "DELETE" });
  });
});

interface ChatBody {
  readonly stream?: boolean;
  readonly tools: readonly { readonly function: { readonly name: string } }[];
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/**
 * Answers as vLLM does with `--enable-auto-tool-choice`: asked something it calls the first tool, told the result it repeats it. Simulated
 * replicas call no tools.
 */
async function toolReplica(asked: ChatBody[]): Promise<Server> {
  const server = createServer(async (request, response) => {
    const body: ChatBody = JSON.parse(await textOf(request));
    asked.push(body);
    const last = body.messages.at(-1)!;
    const call = { id: "call-1", type: "function", function: { name: "weather", arguments: '{"city":"Bern"}' } };
    const message =
      last.role === "tool" ? { content: last.content } : { content: null, tool_calls: [{ index: 0, ...call }] };
    const finish = last.role === "tool" ? "stop" : "tool_calls";
    const head = { id: "chatcmpl-1", created: 1, model: TOOLS };
    if (body.stream !== true) {
      const choice = { index: 0, message: { role: "assistant", ...message }, finish_reason: finish };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ...head, object: "chat.completion", choices: [choice] }));
      return;
    }
    response.setHeader("content-type", "text/event-stream");
    const deltas =
      last.role === "tool"
        ? [message]
        : [
            { tool_calls: [{ index: 0, ...call, function: { name: "weather", arguments: "" } }] },
            { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] },
            { tool_calls: [{ index: 0, function: { arguments: '"Bern"}' } }] },
          ];
    const choices = [
      ...deltas.map((delta) => ({ index: 0, delta, finish_reason: null })),
      { index: 0, delta: {}, finish_reason: finish },
    ];
    for (const choice of choices) {
      response.write(`data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [choice] })}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return server;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  return text;
}
