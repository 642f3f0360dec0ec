import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LlamaReplicas, startLlamaReplicas } from "../../../bench/engines/llama-cpp/start.js";
import { address, type Run, start } from "../../cli/support.js";

// A real engine with a real KV cache: llama.cpp on one thread a replica, with random weights, behind the gateway.

const TURNS = 6;
const CONVERSATIONS = 6;

interface Turn {
  readonly replica: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

let engines: LlamaReplicas;
let gateway: Run;
let client: OpenAI;

beforeAll(async () => {
  engines = await startLlamaReplicas({ replicas: 2, slots: 6, contextTokens: 4096 });
  const replicas = engines.urls.flatMap((url, i) => ["--replica", `engine-${i + 1}=${url}`]);
  gateway = start(["serve", ...replicas, "--replica-header", "--port", "0", "--quiet"]);
  client = new OpenAI({ baseURL: `${await address(gateway)}/v1`, apiKey: "none", maxRetries: 0 });
}, 300_000);

afterAll(async () => {
  gateway.child.kill("SIGINT");
  expect(await gateway.exit).toBe(0);
  await engines.close();
});

test("a warm prompt of 2,000 tokens is answered 50 times sooner than a cold one", async () => {
  const colds: number[] = [];
  const warms: number[] = [];
  for (const letter of ["a", "b", "c"]) {
    const prompt = letter + "the same two thousand tokens, and one more; ".repeat(46).slice(0, 1999);
    const cold = await timed(prompt);
    expect([cold.promptTokens, cold.cachedTokens]).toEqual([2000, 0]);
    colds.push(cold.ms);
    for (let i = 0; i < 5; i++) {
      const warm = await timed(prompt);
      expect(warm.cachedTokens).toBe(1999);
      warms.push(warm.ms);
    }
  }
  const [cold, warm] = [Math.min(...colds), Math.min(...warms)];
  console.log(
    `2,000 tokens: cold ${cold.toFixed(0)} ms, warm ${warm.toFixed(1)} ms, ${(cold / warm).toFixed(0)} times sooner`,
  );
  expect(cold / warm).toBeGreaterThan(50);
});

describe("interleaved conversations", () => {
  let conversations: Turn[][];

  beforeAll(async () => {
    conversations = await converse();
  });

  test("each stays on one replica, and both replicas are used", () => {
    for (const turns of conversations) expect(new Set(turns.map(({ replica }) => replica)).size).toBe(1);
    expect(new Set(conversations.flat().map(({ replica }) => replica))).toEqual(new Set(["engine-1", "engine-2"]));
  });

  test("each stays warm: a turn finds all that the turn before has left, its answer included", () => {
    for (const turns of conversations) {
      for (const [i, turn] of turns.entries()) {
        const before = turns[i - 1];
        if (before === undefined) continue;
        // The answer's last token was sampled and never computed.
        expect(turn.cachedTokens).toBeGreaterThanOrEqual(before.promptTokens + before.completionTokens - 1);
      }
    }
  });
});

async function timed(prompt: string) {
  const begin = performance.now();
  const { usage } = await client.completions.create({ model: engines.model, prompt, max_tokens: 1 });
  const ms = performance.now() - begin;
  return { ms, promptTokens: usage!.prompt_tokens, cachedTokens: usage!.prompt_tokens_details!.cached_tokens! };
}

/** Every conversation takes a turn before any takes the next; turns of one round go two at a time. */
async function converse(): Promise<Turn[][]> {
  const states = Array.from({ length: CONVERSATIONS }, (_, i) => ({
    messages: [
      { role: "system", content: `${i} is the number of this conversation. `.repeat(40) },
    ] as OpenAI.ChatCompletionMessageParam[],
    turns: [] as Turn[],
  }));
  for (let turn = 0; turn < TURNS; turn++) {
    for (let i = 0; i < states.length; i += 2) {
      await Promise.all(
        states.slice(i, i + 2).map(async ({ messages, turns }, k) => {
          messages.push({ role: "user", content: `Question ${turn} of conversation ${i + k}: why?` });
          const { data, response } = await client.chat.completions
            .create({ model: engines.model, messages, max_tokens: 12 })
            .withResponse();
          messages.push({ role: "assistant", content: data.choices[0]!.message.content! });
          turns.push({
            replica: response.headers.get("x-warmroute-replica")!,
            promptTokens: data.usage!.prompt_tokens,
            completionTokens: data.usage!.completion_tokens,
            cachedTokens: data.usage!.prompt_tokens_details!.cached_tokens!,
          });
        }),
      );
    }
  }
  return states.map(({ turns }) => turns);
}
