import { describe, expect, test } from "vitest";
import type { ModelList } from "../../src/protocol/index.js";
import { complete, post, startReplica, tokens } from "./support.js";

describe("a replica with LoRA adapters", () => {
  const start = () => startReplica({ loras: ["french", "poems"] });

  test("lists them after their model", async () => {
    const { data } = (await (await start().fetch(new Request("http://replica/v1/models"))).json()) as ModelList;
    const model = "Qwen/Qwen2.5-1.5B-Instruct";
    expect(data.map(({ id, parent }) => [id, parent])).toEqual([
      [model, null],
      ["french", model],
      ["poems", model],
    ]);
  });

  test("answers by their names, each from a cache of its own", async () => {
    const replica = start();
    const cached = async (model?: string) => {
      const answer = await complete(replica, { model, prompt: tokens(64), max_tokens: 1 });
      expect(answer.model).toBe(model ?? replica.model);
      return answer.usage!.prompt_tokens_details!.cached_tokens;
    };
    expect([await cached(), await cached("french"), await cached("poems")]).toEqual([0, 0, 0]);
    expect([await cached(), await cached("french"), await cached("poems")]).toEqual([48, 48, 48]);
    const unknown = await replica.fetch(post("/v1/completions", { model: "german", prompt: "a" }));
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining("`german` does not exist")]);
  });

  test("tells in its metrics which run and which wait", async () => {
    const replica = startReplica({ loras: ["french", "poems"], maxNumSeqs: 1 });
    const ask = async (model: string, prompt: number[]) => {
      const body = { model, prompt, max_tokens: 30_000, ignore_eos: true, stream: true };
      return (await replica.fetch(post("/v1/completions", body))).body!.getReader();
    };
    const running = await ask("french", tokens(20, 1));
    await running.read();
    const waiting = await ask("poems", tokens(20, 2));
    for (let read = 0; replica.stats.waiting === 0; read++) {
      expect(read).toBeLessThan(100);
      await running.read();
    }
    const metrics = await (await replica.fetch(new Request("http://replica/metrics"))).text();
    await Promise.all([running.cancel(), waiting.cancel()]);
    expect(metrics).toContain('max_lora="2",waiting_lora_adapters="poems",running_lora_adapters="french"}');
  });
});
