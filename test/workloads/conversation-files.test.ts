import { describe, expect, test } from "vitest";
import { DataError, requestsOf, tokenize, workload, workloadByName } from "../../src/workloads/index.js";
import { lines } from "./support.js";

const conversation = (name: string, turns: number) => ({
  messages: Array.from({ length: turns }, (_, i) => [
    { role: "user", content: `Question ${i} of ${name}?` },
    { role: "assistant", content: `Answer ${i}.` },
  ]).flat(),
});

describe("a file of conversations", () => {
  const data = lines(conversation("a", 3), conversation("b", 1), conversation("c", 2));

  test("is chats: a turn goes on from the one before and the file's answer, which is as long as the file's", () => {
    const made = workload("custom", { data, ordered: true });
    expect(made).toMatchObject({
      size: 6,
      conversations: 3,
      sequential: true,
      order: [
        [0, 0],
        [1, 0],
        [2, 0],
      ],
    });
    const [first, second] = made.conversation(0);
    expect(first!.answer).toBe("Answer 0.");
    expect(first!.outputTokens).toBe(tokenize("Answer 0.").length);
    expect(second!.prompt.startsWith(first!.prompt + first!.answer)).toBe(true);
  });

  test("is shuffled by the seed, conversations whole; so many requests of it, the last conversation cut", () => {
    const starts = (seed: number) =>
      [...requestsOf(workload("custom", { data, seed }))].map(({ prompt }) => /of (.)/.exec(prompt)![1]).join("");
    const orders = new Set(Array.from({ length: 20 }, (_, seed) => starts(seed)));
    expect(orders.size).toBe(6);
    expect(starts(4)).toBe(starts(4));
    for (const order of orders) expect([...order].sort().join("")).toBe("aaabcc");
    const few = workload("custom", { data, ordered: true, requests: 5 });
    expect([...requestsOf(few)].map((request) => [request.conversation, request.turn])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [2, 0],
    ]);
    expect(few.size).toBe(5);
  });

  test("prompts are independent; those that begin alike tell so; lengths are the record's, or drawn", () => {
    const prompts = lines(
      { prefixes: { "@x": "Long rules. " } },
      { prefix: "@x", prompt: "One" },
      { prompt: "Two", output_len: 77 },
      { prefix: "@x", prompt: "Three" },
    );
    const made = workload("bbh", { data: prompts, ordered: true, minOutputTokens: 5, maxOutputTokens: 6 });
    expect(made).toMatchObject({ size: 3, conversations: 3, sequential: false });
    const requests = [...requestsOf(made)];
    expect(requests.map(({ prompt, group }) => [prompt, group])).toEqual([
      ["Long rules. One", 0],
      ["Two", undefined],
      ["Long rules. Three", 0],
    ]);
    expect(requests[1]!.outputTokens).toBe(77);
    for (const { outputTokens } of [requests[0]!, requests[2]!]) expect([5, 6]).toContain(outputTokens);
  });
});

describe("ShareGPT", () => {
  const file = (conversations: number, turns: number) =>
    JSON.stringify(
      Array.from({ length: conversations }, (_, c) => ({
        conversations: Array.from({ length: turns }, (_, t) => [
          { from: "human", value: `U${c}.${t}` },
          { from: "gpt", value: `A${c}.${t}` },
        ]).flat(),
      })),
    );

  test("is cut into pieces U1 A1, U1 A1 U2 A2, …; all are chosen where fewer are asked for than there are", () => {
    const made = workload("sharegpt", { data: file(2, 2) });
    expect(made).toMatchObject({ size: 4, conversations: 2, sequential: false });
    const prompts = [...requestsOf(made)].map(({ prompt }) => prompt);
    expect(prompts.toSorted()).toEqual([
      "U0.0\nA0.0",
      "U0.0\nA0.0\nU0.1\nA0.1",
      "U1.0\nA1.0",
      "U1.0\nA1.0\nU1.1\nA1.1",
    ]);
  });

  test("pieces are chosen of all pieces of the conversations that are chosen", () => {
    const made = workload("sharegpt", { data: file(400, 9), maxConversations: 354, requests: 1000, seed: 5 });
    expect(made.size).toBe(1000);
    const requests = [...requestsOf(made)];
    expect(new Set(requests.map(({ prompt }) => prompt)).size).toBe(1000);
    // About 333 groups of 3, the reference's figures, come of 354 conversations of 9 turns.
    expect(made.conversations).toBe(new Set(requests.map(({ conversation }) => conversation)).size);
    expect(Math.abs(made.conversations - 333)).toBeLessThan(15);
    for (let i = 0; i < made.conversations; i++) {
      const pieces = made.conversation(i);
      for (const [turn, piece] of pieces.entries())
        expect(piece.prompt.startsWith(pieces[turn - 1]?.prompt ?? "")).toBe(true);
    }
    const outputs = requests.map(({ outputTokens }) => outputTokens);
    expect(Math.min(...outputs)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...outputs)).toBeLessThanOrEqual(200);
    const seeds = [5, 5, 6].map((seed) => workload("sharegpt", { data: file(400, 9), requests: 10, seed }));
    const [same, again, other] = seeds.map((each) => [...requestsOf(each)].map(({ prompt }) => prompt).join());
    expect(again).toBe(same);
    expect(other).not.toBe(same);
  });

  test("no answer, no workload", () => {
    const data = JSON.stringify([{ conversations: [{ from: "human", value: "Hello" }] }]);
    expect(() => workload("sharegpt", { data, source: "s.json" })).toThrow(DataError);
    expect(() => workload("sharegpt", { data, source: "s.json" })).toThrow(
      "s.json: no conversation with an answer in it",
    );
  });
});

describe("what a workload is read from", () => {
  test.each([
    ["mtbench", {}, "mtbench: data must be the content of a file like mtbench101_conversations.jsonl, not undefined"],
    ["custom", { data: 1 }, "custom: data must be the content of a file, not 1"],
    ["custom", { data: "{}", source: 1 }, "custom: source must be a string, not 1"],
    ["custom", { data: "{}", sorted: true }, "custom has no parameter sorted; it takes seed, requests, ordered, "],
    ["custom", { data: "{}", requests: 0 }, "custom: requests must be a whole number from 1 to 1000000000, not 0"],
  ])("%s %j: refused", (name, options, message) => {
    expect(() => workloadByName(name, options)).toThrow(message);
  });
});
