import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { generated, textsOf } from "../../bench/operations/workloads/index.js";
import { dataFolderOf, lines } from "../workloads/support.js";

const folder = mkdtempSync(join(tmpdir(), "warmroute-workloads-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
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
  test("give the requests of their conversations, many conversations at a time", () => {
    const records = ["a", "b"].map((name) => ({
      messages: [1, 2].flatMap((n) => [
        { role: "user", content: `${name}${n}` },
        { role: "assistant", content: "ok" },
      ]),
    }));
    const texts = textsOf(file("chats.jsonl", lines(...records)), 10, 1);
    expect(texts.map((text) => text.match(/[ab]\d/g)!.at(-1))).toEqual(["a1", "b1", "a2", "b2"]);
    expect(texts[2]!.startsWith(texts[0]!)).toBe(true);
  });

  test("that are none are named", () => {
    expect(() => textsOf(file("a.jsonl", lines({ text: "a" }, { lengths: 1 })), 2, 1)).toThrow(
      /\/a\.jsonl, line 2: expected messages, .* not lengths/,
    );
  });
});

describe("the reference data", () => {
  test.for([
    ["mtbench101_conversations.jsonl", 4208, 597],
    ["glaive_toolcall_conversations.jsonl", 957, 1207],
    ["taubench_airline_conversations.jsonl", 2454, 11_395],
    ["bbh_shared_prefix_prompts.jsonl", 3240, 3179],
  ] as const)("%s has %i requests of %i characters on average", ([name, requests, characters], { skip }) => {
    const data = dataFolderOf(name);
    if (data === undefined) return skip(`no ${name} in WARMROUTE_DATA or ./data`);
    const texts = textsOf(join(data, name), 100_000, 1);
    expect(texts).toHaveLength(requests);
    expect(Math.round(mean(texts))).toBe(characters);
  });
});
