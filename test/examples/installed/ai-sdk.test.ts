import { describe, expect, test } from "vitest";
import { npmStart, place, simulated } from "../support.js";

describe("examples/ai-sdk", () => {
  const replicas = simulated(4);

  test("the turns of a conversation find their prefix on one replica, and a question without it goes to another", async () => {
    const chat = npmStart(place("ai-sdk"), { REPLICAS: replicas.list() });
    expect(await chat.exit, chat.errors()).toBe(0);
    const reports = chat.lines.flatMap((line) => {
      const [, replica, cached, prompt] =
        /^ {2}(replica-\d): (\d+) of (\d+) prompt tokens were cached$/.exec(line) ?? [];
      return replica === undefined ? [] : [{ replica, rate: Number(cached) / Number(prompt) }];
    });
    expect(reports).toHaveLength(4);
    const [first, second, third, aside] = reports;
    expect([second!.replica, third!.replica]).toEqual([first!.replica, first!.replica]);
    expect(aside!.replica).not.toBe(first!.replica);
    expect(first!.rate).toBe(0);
    expect(second!.rate).toBeGreaterThan(0.8);
    expect(third!.rate).toBeGreaterThan(0.8);
  });
});
