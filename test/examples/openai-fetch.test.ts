import { describe, expect, test } from "vitest";
import { npmStart, place, simulated } from "./support.js";

describe("examples/openai-fetch", () => {
  const replicas = simulated(4);
  const folder = place("openai-fetch");

  test("three chats at once: each finds its own replica again, and what is there of its prompt", async () => {
    const chat = npmStart(folder, { REPLICAS: replicas.list() });
    expect(await chat.exit, chat.errors()).toBe(0);
    const turns = chat.lines.map(
      (line) => /^(.*?) +(replica-\d) {2}(\d+) of (\d+) prompt tokens were cached$/.exec(line)!,
    );
    expect(turns).toHaveLength(12);
    for (const topic of ["the sea", "the night sky", "old trees"]) {
      const own = turns.filter(([, name]) => name === topic);
      expect(own).toHaveLength(4);
      expect(new Set(own.map(([, , replica]) => replica)).size).toBe(1);
      const [first, ...later] = own.map(([, , , cached, prompt]) => ({
        cached: Number(cached),
        prompt: Number(prompt),
      }));
      expect(first!.cached).toBe(0);
      for (const turn of later) expect(turn.cached / turn.prompt).toBeGreaterThan(0.8);
    }
  });
});
