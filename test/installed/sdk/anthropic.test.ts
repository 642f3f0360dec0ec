import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { GONE, KEY, LONG, MODEL, SLOW_KEY, servedGateway } from "../../e2e/sdk/gateway.js";

const gateway = servedGateway();

/** It sends the key as `x-api-key`. */
function client(apiKey = KEY): Anthropic {
  return new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 0 });
}

const SYSTEM = "You are a poet who knows all that there is to know about the sky, and says so at length.";

function message(content: string, more: object = {}): Anthropic.MessageCreateParamsNonStreaming {
  return { model: MODEL, max_tokens: 8, system: SYSTEM, messages: [{ role: "user", content }], ...more };
}

async function thrown(work: Promise<unknown>): Promise<APIError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(APIError);
  return error;
}

describe("answers", () => {
  test("a message, and the next turn from the cache of the same replica", async () => {
    const first = await client().messages.create(message("Why blue?"));
    expect(first).toMatchObject({ type: "message", role: "assistant", stop_reason: "max_tokens" });
    const [block] = first.content;
    expect(block!.type).toBe("text");
    const { data, response } = await client()
      .messages.create(
        message("", {
          messages: [
            { role: "user", content: "Why blue?" },
            { role: "assistant", content: first.content },
            { role: "user", content: "And red?" },
          ],
        }),
      )
      .withResponse();
    expect(data.usage.output_tokens).toBe(8);
    expect(response.headers.get("x-warmroute-reason")).toBe("prefix_match");
  });

  test("a message as a stream of events", async () => {
    const types: string[] = [];
    let text = "";
    for await (const event of await client().messages.create({ ...message("In pieces."), stream: true })) {
      types.push(event.type);
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") text += event.delta.text;
    }
    expect([types[0], types.at(-1)]).toEqual(["message_start", "message_stop"]);
    expect(text.length).toBeGreaterThan(0);
  });

  test("the stream helper adds a message up", async () => {
    const stream = client().messages.stream(message("Add up."));
    let text = "";
    stream.on("text", (delta) => {
      text += delta;
    });
    const final = await stream.finalMessage();
    expect(final.content).toMatchObject([{ type: "text", text }]);
    expect(final.usage.output_tokens).toBe(8);
  });

  test("each has an id, which the client shows and the log has", async () => {
    const answer = await client().messages.create(message("Id?"));
    expect(await gateway.record(answer._request_id!)).toMatchObject({
      path: "/v1/messages",
      outcome: "completed",
      key: "team",
      completionTokens: 8,
    });
  });
});

test("a client that leaves in the middle of a stream ends it at the gateway", async () => {
  const { data: stream, request_id } = await client()
    .messages.create({ ...message("At length.", LONG), stream: true })
    .withResponse();
  for await (const _ of stream) break;
  expect(await gateway.record(request_id!)).toMatchObject({ outcome: "client_left", streamed: true });
});

describe("errors are those that the client knows", () => {
  const ask = (apiKey?: string, more: object = {}) => client(apiKey).messages.create(message("Hello", more));

  test("BadRequestError: no messages, with the id that the log has", async () => {
    const error = await thrown(ask(KEY, { messages: undefined }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.error).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
    expect(await gateway.record(error.requestID!)).toMatchObject({ outcome: "bad_request", status: 400 });
  });

  test("AuthenticationError: a key that is not known", async () => {
    expect(await thrown(ask("sk-unknown"))).toBeInstanceOf(AuthenticationError);
  });

  test("NotFoundError: a model that is not served", async () => {
    expect(await thrown(ask(KEY, { model: "claude-unknown" }))).toBeInstanceOf(NotFoundError);
  });

  test("RateLimitError: more than the key may have", async () => {
    await ask(SLOW_KEY);
    expect(await thrown(ask(SLOW_KEY))).toBeInstanceOf(RateLimitError);
  });

  test("InternalServerError: no replica can be reached", async () => {
    const error = await thrown(ask(KEY, { model: GONE }));
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error.status).toBe(502);
  });

  test("APIError in the middle of a stream: the replica broke off", async () => {
    await gateway.cut(3);
    const stream = await client().messages.create({ ...message("Break off.", { max_tokens: 50 }), stream: true });
    const error = await thrown(
      (async () => {
        for await (const _ of stream);
      })(),
    );
    expect(error.message).toContain("replica_broke");
    for (const url of gateway.replicas) await fetch(`${url}/admin/faults`, { method: "DELETE" });
  });
});
