import OpenAI from "openai";
import { expect, test } from "vitest";
import { MODEL, metric } from "./support.js";

export interface Served {
  /** Ends in `/v1`. */
  baseURL(): string;
  /** Of the replicas behind it. */
  replicaUrls(): readonly string[];
  apiKey?: string;
}

const CONVERSATIONS = 6;

/** What each example that serves OpenAI's API has to do. */
export function servesConversations(served: Served): void {
  const { apiKey = "none" } = served;
  const client = () => new OpenAI({ baseURL: served.baseURL(), apiKey, maxRetries: 0 });

  test("each conversation stays on its replica and finds its prefix there", async () => {
    const seen = await Promise.all(Array.from({ length: CONVERSATIONS }, (_, i) => converse(client(), i)));
    for (const [first, second] of seen) {
      expect(second!.replica).toBe(first!.replica);
      expect(second!.cachedTokens).toBeGreaterThan(first!.promptTokens - 16);
    }
    expect(new Set(seen.map(([first]) => first!.replica)).size).toBeGreaterThan(1);
  });

  test("a stream comes in pieces", async () => {
    const stream = await client().chat.completions.create({ ...question("stream"), max_tokens: 30, stream: true });
    let pieces = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) pieces++;
    expect(pieces).toBe(30);
  });

  test("a client that leaves frees the replica", async () => {
    const running = () => metric(served.replicaUrls(), "vllm:num_requests_running");
    const leaving = new AbortController();
    // A minute of tokens at least: they cannot all have come when the poll below gives up.
    const endless = { ...question("leave"), max_tokens: 30_000, ignore_eos: true, stream: true } as const;
    const stream = await client().chat.completions.create(endless, { signal: leaving.signal });
    await stream[Symbol.asyncIterator]().next();
    expect(await running()).toBe(1);
    leaving.abort();
    await expect.poll(running, { timeout: 30_000 }).toBe(0);
  });
}

/** What was seen of two turns of a conversation. */
export async function converse(client: OpenAI, seed: number): Promise<Turn[]> {
  const messages: OpenAI.ChatCompletionMessageParam[] = [...question(`conversation ${seed}`).messages];
  const turns: Turn[] = [];
  for (let turn = 0; turn < 2; turn++) {
    const { data, response } = await client.chat.completions
      .create({ model: MODEL, messages, max_tokens: 20 })
      .withResponse();
    messages.push(data.choices[0]!.message, { role: "user", content: "Tell me more." });
    turns.push({
      replica: response.headers.get("x-warmroute-replica")!,
      promptTokens: data.usage!.prompt_tokens,
      cachedTokens: data.usage!.prompt_tokens_details!.cached_tokens!,
    });
  }
  return turns;
}

interface Turn {
  replica: string;
  promptTokens: number;
  cachedTokens: number;
}

/** A chat whose text differs from its beginning on for each name. */
function question(name: string): { model: string; messages: OpenAI.ChatCompletionMessageParam[] } {
  const system = `${name}: ${`what there is to know of ${name}, `.repeat(12)}`;
  return {
    model: MODEL,
    messages: [
      { role: "system", content: system },
      { role: "user", content: "What is it?" },
    ],
  };
}
