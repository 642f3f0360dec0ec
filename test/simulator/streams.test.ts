import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { type ChatCompletionChunk, type CompletionChunk, SseParser } from "../../src/protocol/index.js";
import type { SimulatedReplica } from "../../src/simulator/index.js";
import { JumpingClock } from "./clocks.js";
import { chat, complete, post, startReplica } from "./support.js";

/** All events of a stream, as they are. */
async function events(response: Response): Promise<string[]> {
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  return new SseParser().push(await response.text()).map(({ data }) => data);
}

/** The chunks of a stream that ends as it should. */
async function chunks<Chunk>(response: Response): Promise<Chunk[]> {
  const all = await events(response);
  expect(all.pop()).toBe("[DONE]");
  return all.map((data) => JSON.parse(data) as Chunk);
}

describe("a stream of /v1/completions", () => {
  const body = { prompt: "Why is the sky blue?", max_tokens: 7 };

  test("gives the text of the whole answer, a token at a time", async () => {
    const replica = startReplica();
    const whole = await complete(replica, body);
    const stream = await chunks<CompletionChunk>(
      await replica.fetch(post("/v1/completions", { ...body, stream: true })),
    );
    expect(stream.map(({ choices }) => choices[0]!.text).join("")).toBe(whole.choices[0]!.text);
    expect(stream.map(({ choices }) => choices[0]!.finish_reason)).toEqual([...Array(6).fill(null), "length"]);
    expect(new Set(stream.map(({ id, object }) => `${id} ${object}`))).toEqual(new Set(["cmpl-2 text_completion"]));
    expect(stream.some(({ usage }) => usage !== undefined)).toBe(false);
  });

  test("ends with the usage when that is asked for", async () => {
    const request = post("/v1/completions", { ...body, stream: true, stream_options: { include_usage: true } });
    const stream = await chunks<CompletionChunk>(await startReplica().fetch(request));
    expect(stream).toHaveLength(8);
    expect(stream.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 7,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    });
  });

  test("tells the answers of several prompts apart", async () => {
    const replica = startReplica();
    const prompt = ["one", "two words"];
    const whole = await complete(replica, { prompt, max_tokens: 5 });
    const stream = await chunks<CompletionChunk>(
      await replica.fetch(post("/v1/completions", { prompt, max_tokens: 5, stream: true })),
    );
    for (const { index, text } of whole.choices) {
      const own = stream.map(({ choices }) => choices[0]!).filter((choice) => choice.index === index);
      expect(own.map((choice) => choice.text).join("")).toBe(text);
      expect(own.at(-1)!.finish_reason).toBe("length");
    }
  });
});

describe("a stream of /v1/chat/completions", () => {
  test("opens with the role and gives the text of the whole answer", async () => {
    const replica = startReplica();
    const body = { messages: [{ role: "user", content: "Hello" }], max_tokens: 5 };
    const whole = await chat(replica, body);
    const stream = await chunks<ChatCompletionChunk>(
      await replica.fetch(post("/v1/chat/completions", { ...body, stream: true })),
    );
    expect(stream[0]!.choices[0]!.delta).toEqual({ role: "assistant", content: "" });
    expect(stream.map(({ choices }) => choices[0]!.delta.content).join("")).toBe(whole.choices[0]!.message.content);
    expect(stream.at(-1)!.choices[0]!.finish_reason).toBe("length");
  });

  test("is read by OpenAI's client", async () => {
    const replica = startReplica();
    const client = new OpenAI({
      apiKey: "none",
      baseURL: "http://replica/v1",
      fetch: (url, init) => replica.fetch(new Request(url, init)),
    });
    const stream = await client.chat.completions.create({
      model: replica.model,
      messages: [{ role: "user", content: "Hello" }],
      max_completion_tokens: 5,
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, generated] = ["", 0];
    for await (const { choices, usage } of stream) {
      text += choices[0]?.delta.content ?? "";
      generated = usage?.completion_tokens ?? generated;
    }
    expect([text.trim().split(" ").length, generated]).toEqual([5, 5]);
    const wrong = client.completions.create({ model: "other", prompt: "Hello" });
    await expect(wrong).rejects.toThrow(/404 The model `other` does not exist/);
  });
});

describe("a client that leaves", () => {
  const endless = { prompt: "Hello", max_tokens: 30_000, ignore_eos: true };
  const idle = { ongoing: 0, running: 0, waiting: 0, usedBlocks: 0 };

  function expectOneRunning({ stats }: SimulatedReplica): void {
    expect(stats).toMatchObject({ ongoing: 1, running: 1 });
    expect(stats.usedBlocks).toBeGreaterThan(0);
  }

  /** A stream under way, of which the first piece has been read. */
  async function underWay(replica: SimulatedReplica, init: RequestInit = {}) {
    const { body } = await replica.fetch(post("/v1/completions", { ...endless, stream: true }, init));
    const reader = body!.getReader();
    expect((await reader.read()).done).toBe(false);
    expectOneRunning(replica);
    return reader;
  }

  test("in mid-stream, by cancelling it, frees all at once", async () => {
    const replica = startReplica();
    const reader = await underWay(replica);
    await reader.cancel();
    expect(replica.stats).toMatchObject(idle);
  });

  test("in mid-stream, by aborting the request, frees all at once and errors the stream", async () => {
    const replica = startReplica();
    const leaving = new AbortController();
    const reader = await underWay(replica, { signal: leaving.signal });
    leaving.abort();
    expect(replica.stats).toMatchObject(idle);
    await expect(reader.read().then(() => reader.read())).rejects.toThrow(/abort/);
  });

  test("before an answer that comes whole, frees all at once", async () => {
    const clock = new JumpingClock();
    const replica = startReplica({ clock });
    const leaving = new AbortController();
    clock.setTimeout(() => {
      expectOneRunning(replica);
      leaving.abort();
      expect(replica.stats).toMatchObject(idle);
    }, 1000);
    const answer = await replica.fetch(post("/v1/completions", endless, { signal: leaving.signal }));
    expect([answer.status, clock.now()]).toEqual([503, 1000]);
  });

  test("before it has arrived is never generated for", async () => {
    const replica = startReplica();
    const answer = await replica
      .fetch(post("/v1/completions", endless, { signal: AbortSignal.abort() }))
      .catch(() => null);
    expect(answer === null || !answer.ok).toBe(true);
    expect(replica.stats).toMatchObject({ ...idle, promptTokens: 0 });
  });

  test("is counted as aborted", async () => {
    const replica = startReplica();
    await (await underWay(replica)).cancel();
    const metrics = await (await replica.fetch(new Request("http://replica/metrics"))).text();
    expect(metrics).toContain('engine="0",finished_reason="abort"} 1\n');
  });
});

describe("close", () => {
  test("refuses what is still being read", async () => {
    const replica = startReplica();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const init: RequestInit & { duplex: "half" } = { method: "POST", body: readable, duplex: "half" };
    const answer = replica.fetch(new Request("http://replica/v1/completions", init));
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode('{"prompt":"Hello"}'));
    replica.close();
    await writer.close();
    expect((await answer).status).toBe(503);
    expect(replica.stats.ongoing).toBe(0);
  });

  test("ends what is under way and refuses what comes after", async () => {
    const replica = startReplica();
    const body = { prompt: "Hello", max_tokens: 30_000, ignore_eos: true };
    const whole = replica.fetch(post("/v1/completions", body));
    const stream = await replica.fetch(post("/v1/completions", { ...body, stream: true }));
    const reader = stream.body!.getReader();
    await reader.read();
    replica.close();
    await expect(reader.read().then(() => reader.read())).rejects.toThrow("the replica was closed");
    expect((await whole).status).toBe(503);
    expect((await replica.fetch(new Request("http://replica/health"))).status).toBe(503);
    expect(replica.stats).toMatchObject({ ongoing: 0, running: 0, usedBlocks: 0 });
  });
});
