import { describe, expect, test } from "vitest";
import { metric, npmStart, place, simulated } from "../support.js";

describe("examples/ai-sdk", () => {
  const replicas = simulated(4);

  test("the turns of a conversation find their prefix, and a question without it goes to another replica", async () => {
    const chat = npmStart(place("ai-sdk"), { REPLICAS: replicas.list() });
    expect(await chat.exit, chat.errors()).toBe(0);
    const rates = chat.lines.flatMap((line) => {
      const [, cached, prompt] = /^ {2}\((\d+) of (\d+) prompt tokens were cached\)$/.exec(line) ?? [];
      return prompt === undefined ? [] : [Number(cached) / Number(prompt)];
    });
    const [first, second, third, aside] = rates;
    expect([first, aside]).toEqual([0, 0]);
    expect(second).toBeGreaterThan(0.8);
    expect(third).toBeGreaterThan(0.8);
    expect(rates).toHaveLength(4);
    const requests = await Promise.all(
      replicas.urls.map((url) => metric([url], "vllm:e2e_request_latency_seconds_count")),
    );
    expect(requests.sort()).toEqual([0, 0, 1, 3]);
  });
});
