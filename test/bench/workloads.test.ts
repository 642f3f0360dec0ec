import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { generated, textsOf } from "../../bench/operations/workloads/index.js";

const folder = mkdtempSync(join(tmpdir(), "warmroute-workloads-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function lines(...records: object[]): string {
  return records.map((record) => JSON.stringify(record)).join("\n");
}

const mean = (texts: string[]) => texts.reduce((sum, text) => sum + text.length, 0) / texts.length;

describe("generated workloads", () => {
  test.each(Object.keys(generated))("%s: the same seed gives the same texts, another one others", (workload) => {
    const texts = textsOf(workload, 200, 7);
    expect(texts).toHaveLength(200);
    expect(textsOf(workload, 200, 7)).toEqual(texts);
    expect(textsOf(workload, 200, 8)).not.toEqual(texts);
  });

  test("fewer texts are the first of more", () => {
    expect(textsOf("agent", 300, 1).slice(0, 100)).toEqual(textsOf("agent", 100, 1));
  });

  test("chats, in either script, have the mean length that the goals are set for", () => {
    for (const workload of ["chat", "cjk"]) {
      const characters = mean(textsOf(workload, 500, 1));
      expect(characters).toBeGreaterThan(6000);
      expect(characters).toBeLessThan(8000);
    }
  });

  test("most texts go on from an earlier one", () => {
    for (const workload of ["chat", "agent", "cjk"]) {
      const texts = textsOf(workload, 300, 1);
      const grown = texts.filter((text, i) => texts.slice(0, i).some((earlier) => text.startsWith(earlier)));
      expect(grown.length).toBeGreaterThan(200);
    }
  });

  test("only the CJK texts are not ASCII, and they have emoji", () => {
    for (const workload of Object.keys(generated)) {
      const ascii = textsOf(workload, 50, 1).every((text) => [...text].every((character) => character < "\u0080"));
      expect(ascii).toBe(workload !== "cjk");
    }
    expect(textsOf("cjk", 5, 1).join("")).toMatch(/\p{Script=Han}[\s\S]*\p{Emoji_Presentation}/u);
  });
});

describe("conversation files", () => {
  const hello = "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n";
  const more = `${hello}Hi!<|im_end|>\n<|im_start|>user\nMore<|im_end|>\n<|im_start|>assistant\n`;

  test("ShareGPT's, a list", () => {
    const turns = ["human Hello", "gpt Hi!", "human More", "gpt Yes"].map((turn) => {
      const [from, value] = turn.split(" ");
      return { from, value };
    });
    expect(textsOf(file("sharegpt.json", JSON.stringify([{ id: "a", conversations: turns }])), 10, 1)).toEqual([
      hello,
      more,
    ]);
  });

  test("OpenAI's messages, a conversation a line; parts, tools and calls", () => {
    const messages = [
      { role: "user", content: [{ type: "text", text: "Hel" }, { text: "lo" }, { type: "image_url" }] },
      { role: "assistant", content: null, tool_calls: [{ id: "1" }] },
      { role: "tool", content: "done" },
      { role: "assistant", content: "ok" },
    ];
    const texts = textsOf(file("openai.jsonl", lines({ messages, tools: "[1]" }, { messages: [] })), 10, 1);
    expect(texts).toHaveLength(2);
    expect(texts[0]).toBe(
      "<|im_start|>system\n[1]<|im_end|>\n<|im_start|>user\nHello[image_url]<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(texts[1]!.slice(texts[0]!.length)).toBe(
      '[{"id":"1"}]<|im_end|>\n<|im_start|>tool\ndone<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  test("prompts, and names for what they begin with", () => {
    const path = file(
      "prompts.jsonl",
      lines({ prefixes: { "@a": "Rules. " } }, { prefix: "@a", prompt: "Go" }, { text: "Stop" }),
    );
    expect(textsOf(path, 10, 1)).toEqual(["Rules. Go", "Stop"]);
  });

  test("a named system prompt", () => {
    const messages = [{ role: "system", content: "@p" }, { role: "assistant" }];
    const path = file("named.jsonl", lines({ system_prompts: { "@p": "Be kind." } }, { messages }));
    expect(textsOf(path, 10, 1)).toEqual(["<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>assistant\n"]);
  });

  test("a trace of block hashes: equal blocks are equal text", () => {
    const path = file(
      "trace.jsonl",
      lines({ input_length: 700, hash_ids: [1, 2] }, { input_length: 600, hash_ids: [1, 3] }),
    );
    const [first, second] = textsOf(path, 10, 1);
    expect([first!.length, second!.length]).toEqual([2800, 2400]);
    expect(second!.slice(0, 2048)).toBe(first!.slice(0, 2048));
    expect(second!.slice(2048, 2060)).not.toBe(first!.slice(2048, 2060));
  });

  test("what is no conversation is named", () => {
    expect(() => textsOf(file("a.jsonl", '{"messages":[]}\n{"messages"'), 1, 1)).toThrow(
      /a\.jsonl, line 2: neither JSON/,
    );
    expect(() => textsOf(file("b.jsonl", lines({ text: "a" }, { lengths: 1 })), 2, 1)).toThrow(
      /b\.jsonl, record 2: expected messages, .* not lengths/,
    );
    expect(() => textsOf(file("c.json", "[1]"), 1, 1)).toThrow(/c\.json, record 1: expected an object, not 1/);
    expect(() => textsOf(file("d.json", "[]"), 1, 1)).toThrow(/no conversation/);
  });
});

describe("the reference data", () => {
  const data = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

  test.for([
    ["mtbench101_conversations.jsonl", 4208, 597],
    ["glaive_toolcall_conversations.jsonl", 957, 1207],
    ["taubench_airline_conversations.jsonl", 2454, 11_395],
    ["bbh_shared_prefix_prompts.jsonl", 3240, 3179],
  ] as const)("%s has %i requests of %i characters on average", ([name, requests, characters], { skip }) => {
    skip(!existsSync(join(data, name)), `no ${name} in ${data}`);
    const texts = textsOf(join(data, name), 100_000, 1);
    expect(texts).toHaveLength(requests);
    expect(Math.round(mean(texts))).toBe(characters);
  });
});
