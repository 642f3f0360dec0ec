import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { address, type Run, start } from "../cli/support.js";

const MODEL = "Qwen/Qwen2.5-1.5B-Instruct";
const CONVERSATIONS = 40;
const TURNS = 6;

type Messages = OpenAI.ChatCompletionMessageParam[];

interface Turn {
  replica: string;
  promptTokens: number;
  cachedTokens: number;
}

/** What `npm start` starts, on a free port and faster than real. */
function startCommand(...more: string[]): string[] {
  const [program, main, ...args] = manifest.scripts.start.split(" ");
  expect([program, main]).toEqual(["node", manifest.bin.warmroute.replace("./", "")]);
  return [...args, "--port", "0", "--sim-speed", "20", "--quiet", ...more];
}

/** Every conversation takes a turn before any takes the next; turns of one round run at once. */
async function converse(url: string): Promise<Turn[][]> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
  const conversations = Array.from({ length: CONVERSATIONS }, (_, i) => ({
    messages: [{ role: "system", content: `${i}. ${words(i, 60)}` }] as Messages,
    turns: [] as Turn[],
  }));
  for (let turn = 0; turn < TURNS; turn++) {
    await Promise.all(
      conversations.map(async ({ messages, turns }, i) => {
        messages.push({ role: "user", content: words(1000 * (turn + 1) + i, 40) });
        const { text, ...seen } = await (i % 2 === 0 ? ask(client, messages) : askStreamed(client, messages));
        messages.push({ role: "assistant", content: text });
        turns.push(seen);
      }),
    );
  }
  return conversations.map(({ turns }) => turns);
}

async function ask(client: OpenAI, messages: Messages): Promise<Turn & { text: string }> {
  const { data, response } = await client.chat.completions
    .create({ model: MODEL, messages, max_tokens: 20 })
    .withResponse();
  return { text: data.choices[0]!.message.content!, ...seen(response, data.usage!) };
}

async function askStreamed(client: OpenAI, messages: Messages): Promise<Turn & { text: string }> {
  const { data, response } = await client.chat.completions
    .create({ model: MODEL, messages, max_tokens: 20, stream: true, stream_options: { include_usage: true } })
    .withResponse();
  let text = "";
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  return { text, ...seen(response, usage!) };
}

function seen(response: Response, usage: OpenAI.CompletionUsage): Turn {
  return {
    replica: response.headers.get("x-warmroute-replica")!,
    promptTokens: usage.prompt_tokens,
    cachedTokens: usage.prompt_tokens_details!.cached_tokens!,
  };
}

/** Text that differs from its beginning on for each seed. */
function words(seed: number, count: number): string {
  const vocabulary = [
    "sky",
    "blue",
    "river",
    "stone",
    "window",
    "summer",
    "letter",
    "garden",
    "music",
    "paper",
    "travel",
  ];
  let state = seed + 1;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return vocabulary[state % vocabulary.length];
  }).join(" ");
}

/** Cached tokens ÷ prompt tokens of all turns but the first, which no cache can know. */
function hitRatio(conversations: readonly Turn[][]): number {
  const later = conversations.flatMap((turns) => turns.slice(1));
  const sum = (figure: (turn: Turn) => number) => later.reduce((total, turn) => total + figure(turn), 0);
  return sum((turn) => turn.cachedTokens) / sum((turn) => turn.promptTokens);
}

describe("40 interleaved conversations through what npm start starts", () => {
  const runs: Run[] = [];
  let aware: Turn[][];
  let blind: Turn[][];

  async function run(...more: string[]): Promise<Turn[][]> {
    const started = start(startCommand(...more));
    runs.push(started);
    return converse(await address(started));
  }

  beforeAll(async () => {
    aware = await run();
    blind = await run("--policy", "pow_of_2");
  }, 60_000);

  afterAll(async () => {
    for (const { child } of runs) child.kill("SIGINT");
    expect(await Promise.all(runs.map(({ exit }) => exit))).toEqual([0, 0]);
  });

  test("each stays on one replica", () => {
    for (const turns of aware) expect(new Set(turns.map(({ replica }) => replica)).size).toBe(1);
  });

  test("all four replicas are used, and none has more than 40 % of the conversations", () => {
    const count = new Map<string, number>();
    for (const [first] of aware) count.set(first!.replica, (count.get(first!.replica) ?? 0) + 1);
    expect([...count.keys()].sort()).toEqual(["replica-1", "replica-2", "replica-3", "replica-4"]);
    expect(Math.max(...count.values())).toBeLessThanOrEqual(0.4 * CONVERSATIONS);
  });

  test("cached tokens rise from turn to turn: all that the turn before has left, to the block", () => {
    for (const turns of aware) {
      for (let i = 1; i < TURNS; i++) {
        expect(turns[i]!.cachedTokens).toBeGreaterThan(turns[i - 1]!.cachedTokens);
        expect(turns[i]!.cachedTokens).toBeGreaterThan(turns[i - 1]!.promptTokens - 16);
      }
    }
  });

  test("a policy that knows no prefixes moves them about and finds less cached", () => {
    expect(blind.filter((turns) => new Set(turns.map(({ replica }) => replica)).size > 1).length).toBeGreaterThan(30);
    expect(hitRatio(blind)).toBeLessThan(0.75 * hitRatio(aware));
  });
});
