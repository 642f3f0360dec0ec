import { describe, expect, test } from "vitest";
import type { ErrorBody } from "../../src/protocol/index.js";
import { type SimulatedReplicaOptions, simulatedReplica } from "../../src/simulator/index.js";
import { complete, L4, post, startReplica, tokens } from "./support.js";

async function refusal(response: Response): Promise<{ status: number; error: ErrorBody["error"] }> {
  return { status: response.status, error: ((await response.json()) as ErrorBody).error };
}

describe("a replica refuses", () => {
  const messages = [{ role: "user", content: "Hello" }];
  const ask = "/v1/completions";
  const chat = "/v1/chat/completions";

  test.each<[string, string, unknown, number, string | null, RegExp]>([
    ["what is not JSON", ask, "{", 400, null, /not valid JSON/],
    ["what is no object", ask, [], 400, null, /must be a JSON object/],
    ["no prompt", ask, {}, 400, "prompt", /prompt must be/],
    ["an empty prompt", ask, { prompt: "" }, 400, "prompt", /must not be empty/],
    ["an empty prompt among others", ask, { prompt: ["a", ""] }, 400, "prompt", /must not be empty/],
    ["no messages", chat, { prompt: "a" }, 400, "messages", /messages must be/],
    ["a message without a role", chat, { messages: [{ content: "a" }] }, 400, "messages", /with a role/],
    ["a content that is a number", chat, { messages: [{ role: "user", content: 5 }] }, 400, "messages", /content/],
    ["another model", ask, { model: "x", prompt: "a" }, 404, "model", /^The model `x` does not exist\.$/],
    ["a model that is a number", chat, { model: 1, messages }, 404, "model", /The model `1` does not exist/],
    ["no choices", ask, { prompt: "a", n: 0 }, 400, "n", /^n must be at least 1, got 0\.$/],
    ["two choices without chance", ask, { prompt: "a", n: 2, temperature: 0 }, 400, "n", /greedy sampling, got 2/],
    ["no tokens", ask, { prompt: "a", max_tokens: 0 }, 400, "max_tokens", /^max_tokens must be at least 1, got 0\.$/],
    ["half a token", ask, { prompt: "a", max_tokens: 1.5 }, 400, "max_tokens", /1 or more, not 1.5/],
    ["tokens as text", ask, { prompt: "a", max_tokens: "9" }, 400, "max_tokens", /1 or more, not "9"/],
    ["-1 tokens", chat, { messages, max_completion_tokens: -1 }, 400, "max_completion_tokens", /got -1/],
    ["a stream of yes", ask, { prompt: "a", stream: "yes" }, 400, "stream", /true or false, not "yes"/],
    ["options as text", ask, { prompt: "a", stream_options: "usage" }, 400, "stream_options", /must be an object/],
    [
      "a stream's options",
      ask,
      { prompt: "a", stream_options: {} },
      400,
      "stream_options",
      /only be defined when `stream/,
    ],
    [
      "more tokens than most",
      ask,
      { prompt: "a", min_tokens: 17 },
      400,
      "min_tokens",
      /equal to max_tokens=16, got 17/,
    ],
    ["a stop that is a number", ask, { prompt: "a", stop: 5 }, 400, "stop", /string or an array of strings, not 5/],
    ["an empty stop", ask, { prompt: "a", stop: ["a", ""] }, 400, "stop", /^stop cannot contain an empty string\.$/],
    [
      "21 logprobs",
      ask,
      { prompt: "a", logprobs: 21 },
      400,
      "logprobs",
      /of 21, which is greater than max allowed: 20/,
    ],
    ["top_logprobs alone", chat, { messages, top_logprobs: 2 }, 400, "top_logprobs", /`logprobs` must be set to true/],
    ["logprobs of an echo", ask, { prompt: "a", echo: true, logprobs: 1 }, 400, "logprobs", /not supported/],
    ["a suffix", ask, { prompt: "a", suffix: "b" }, 400, "suffix", /^suffix is not currently supported$/],
    ["beam search", ask, { prompt: "a", use_beam_search: true }, 400, "use_beam_search", /not supported/],
    ["an empty salt", ask, { prompt: "a", cache_salt: "" }, 400, "cache_salt", /not empty/],
    ["too long a prompt", ask, { prompt: tokens(32_768) }, 400, "prompt", /maximum context length is 32768 tokens/],
    ["too many tokens", ask, { prompt: "a", max_tokens: 32_768 }, 400, "prompt", /you requested 32769 tokens/],
  ])("%s", async (_, path, body, status, param, message) => {
    const replica = startReplica();
    const refused = await refusal(await replica.fetch(post(path, body)));
    expect(refused).toMatchObject({ status, error: { param } });
    expect(refused.error.message).toMatch(message);
    expect(replica.stats).toMatchObject({ ongoing: 0, waiting: 0, promptTokens: 0 });
  });

  test("a prompt and an answer of exactly the context are not too long", async () => {
    const profile = { ...L4, maxModelLen: 40 };
    const { usage } = await complete(startReplica({ profile }), {
      prompt: tokens(24),
      max_tokens: 16,
      ignore_eos: true,
    });
    expect(usage!.total_tokens).toBe(40);
    const response = await startReplica({ profile }).fetch(post(ask, { prompt: tokens(25), max_tokens: 16 }));
    expect(response.status).toBe(400);
  });

  test("what a small cache could never hold, whatever the model's context", async () => {
    const response = await startReplica({ profile: { ...L4, blocks: 2 } }).fetch(post(ask, { prompt: tokens(32) }));
    expect((await refusal(response)).error.message).toMatch(/maximum context length is 32 tokens/);
  });

  test("a body over the limit", async () => {
    const response = await startReplica({ maxBodyBytes: 30 }).fetch(post(ask, { prompt: "a".repeat(30) }));
    expect(await refusal(response)).toMatchObject({ status: 413, error: { code: "body_too_large" } });
  });

  test("a body that breaks off", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"prompt":'));
        controller.error(new Error("the client left"));
      },
    });
    const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
    const replica = startReplica();
    const response = await replica.fetch(new Request(`http://replica${ask}`, init));
    expect((await refusal(response)).error.message).toBe("The body ended before it was whole.");
    expect([response.status, replica.stats.ongoing]).toEqual([400, 0]);
  });

  test("other paths", async () => {
    const response = await startReplica().fetch(post("/v1/audio", {}));
    expect(await refusal(response)).toMatchObject({ status: 404, error: { type: "NotFoundError" } });
  });

  test.each([
    ["GET", ask, "POST"],
    ["PUT", chat, "POST"],
    ["POST", "/health", "GET, HEAD"],
    ["DELETE", "/v1/models", "GET, HEAD"],
    ["POST", "/metrics", "GET, HEAD"],
  ])("%s %s, and says what is allowed", async (method, path, allow) => {
    const response = await startReplica().fetch(new Request(`http://replica${path}`, { method }));
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  });

  test("one request more than maxOngoingRequests, until another is over", async () => {
    const replica = startReplica({ maxOngoingRequests: 1 });
    const body = { prompt: "Hello", max_tokens: 30_000, ignore_eos: true, stream: true };
    const first = await replica.fetch(post(ask, body));
    const second = await replica.fetch(post(ask, { prompt: "Hello" }));
    expect(second.headers.get("retry-after")).toBe("1");
    expect(await refusal(second)).toMatchObject({ status: 503, error: { type: "ServiceUnavailableError" } });
    await first.body!.cancel();
    expect((await complete(replica, { prompt: "Hello" })).choices).toHaveLength(1);
  });
});

describe("simulatedReplica refuses", () => {
  test.each<[string, unknown, typeof TypeError | typeof RangeError, RegExp]>([
    ["a model without a name", { model: "" }, TypeError, /model must be a name/],
    ["a speed of 0", { speed: 0 }, RangeError, /speed must be above 0 and finite, not 0/],
    ["an infinite speed", { speed: Number.POSITIVE_INFINITY }, RangeError, /speed.*not Infinity/],
    ["a speed as text", { speed: "1" }, TypeError, /speed must be a number, not string/],
    ["no requests", { maxOngoingRequests: 0 }, RangeError, /maxOngoingRequests must be a whole number.*not 0/],
    ["half a request", { maxOngoingRequests: 1.5 }, RangeError, /maxOngoingRequests.*not 1.5/],
    ["no bytes", { maxBodyBytes: Number.NaN }, RangeError, /maxBodyBytes.*not NaN/],
    ["a switch as text", { enablePrefixCaching: "no" }, TypeError, /enablePrefixCaching must be true or false, not no/],
    ["a profile that there is not", { profile: "abacus" }, RangeError, /one of l4-qwen2\.5-1\.5b.*not "abacus"/],
    [
      "a profile without its step",
      { profile: { ...L4, stepMs: undefined } },
      TypeError,
      /^profile\.stepMs is missing: it must be 0 ms or more/,
    ],
    ["a profile below 0", { profile: { ...L4, decodeMs: -1 } }, RangeError, /profile\.decodeMs must be 0 ms.*not -1/],
    ["a batch below 0", { streamBatchMs: -1 }, RangeError, /streamBatchMs must be 0 ms or more and finite, not -1/],
    ["half a sequence", { maxNumSeqs: 0.5 }, RangeError, /maxNumSeqs must be a whole number, 1 or more, not 0.5/],
    ["an interval as text", { metricsIntervalMs: "1" }, TypeError, /metricsIntervalMs must be a number, not string/],
    ["adapters as one", { loras: "a" }, TypeError, /loras must be an array of names, not "a"/],
    ["an adapter twice", { loras: ["a", "b", "a"] }, RangeError, /different names.*: a$/],
    ["a tokenizer that is none", { tokenizer: "bpe" }, TypeError, /tokenizer must be a function, not string/],
    [
      "a fault that there is not",
      { faults: [{ kind: "fire" }] },
      TypeError,
      /faults\[0\]\.kind must be one of.*not "fire"/,
    ],
    ["a profile without blocks", { profile: { ...L4, blocks: 0 } }, RangeError, /profile\.blocks.*not 0/],
  ])("%s", (_, options, kind, message) => {
    const make = () => simulatedReplica(options as SimulatedReplicaOptions);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
