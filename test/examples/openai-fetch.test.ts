import { describe, expect, test } from "vitest";
import { metric, npmStart, place, simulated } from "./support.js";

describe("examples/openai-fetch", () => {
  const replicas = simulated(4);
  const folder = place("openai-fetch");

  test("three chats at once: each finds its own replica again, and what is there of its prompt", async () => {
    const chat = npmStart(folder, { REPLICAS: replicas.list() });
    expect(await chat.exit, chat.errors()).toBe(0);
    const turns = chat.lines.flatMap((line) => {
      const [, topic, cached, prompt] = /^(.+): (\d+) of (\d+) prompt tokens were cached$/.exec(line) ?? [];
      return topic === undefined ? [] : [{ topic, rate: Number(cached) / Number(prompt) }];
    });
    for (const name of ["Waves of the sea", "The night sky", "Old trees"]) {
      const [first, ...later] = turns.filter(({ topic }) => topic === name).map(({ rate }) => rate);
      expect(first).toBe(0);
      expect(later).toHaveLength(3);
      for (const rate of later) expect(rate).toBeGreaterThan(0.8);
    }
    const requests = await Promise.all(
      replicas.urls.map((url) => metric([url], "vllm:e2e_request_latency_seconds_count")),
    );
    expect(requests.sort()).toEqual([0, 4, 4, 4]);
    expect(chat.lines.at(-1)).toMatch(/^characters sent to each: replica-1 \d+, /);
  });
});
