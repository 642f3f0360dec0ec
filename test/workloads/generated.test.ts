import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  requestsOf,
  tokenize,
  type Workload,
  type WorkloadName,
  type WorkloadRequest,
  workload,
  workloadByName,
  workloadStatistics,
} from "../../src/workloads/index.js";
import fc from "../properties.js";

const GENERATED = [
  "reference",
  "chat",
  "gsp",
  "gspzipf",
  "hotmix",
  "random",
] as const satisfies readonly WorkloadName[];

const tokensOf = ({ prompt }: WorkloadRequest) => tokenize(prompt);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Leading tokens that two prompts share. */
function shared(a: readonly number[], b: readonly number[]): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

describe.each(GENERATED)("%s", (name) => {
  const small = (seed: number): Workload => workload(name, { seed, requests: 60 });

  test("the same seed gives the same requests, in whatever order they are asked for; another seed gives others", () => {
    const made = [...requestsOf(small(7))].map((request) => ({ ...request }));
    expect([...requestsOf(small(7))].map((request) => ({ ...request }))).toEqual(made);
    const again = small(7);
    for (const request of made.reverse()) {
      expect({ ...again.conversation(request.conversation)[request.turn]! }).toEqual(request);
    }
    expect([...requestsOf(small(8))].map(({ prompt }) => prompt)).not.toContain(made[0]!.prompt);
  });

  test("has the requests that it says, each in its place, each once", () => {
    const made = small(1);
    const requests = [...requestsOf(made)];
    expect(requests).toHaveLength(made.size);
    const places = new Set(requests.map(({ conversation, turn }) => `${conversation},${turn}`));
    expect(places.size).toBe(made.size);
    for (let i = 0; i < made.conversations; i++) {
      for (const [turn, request] of made.conversation(i).entries()) {
        expect(request).toMatchObject({ conversation: i, turn });
        expect(places).toContain(`${i},${turn}`);
      }
    }
  });

  test("texts are sentences of plain words, one byte a character", () => {
    for (const { prompt } of requestsOf(small(1))) expect(prompt).toMatch(/^[A-Z][a-z]*([ \n]+[A-Z]?[a-z]+[.?!]?)*$/);
  });

  test("refuses a conversation that there is none of", () => {
    const made = small(1);
    for (const index of [-1, made.conversations, 0.5, Number.NaN]) {
      expect(() => made.conversation(index)).toThrow(
        `${name} has conversations 0 to ${made.conversations - 1}, not ${index}`,
      );
    }
  });
});

describe("reference", () => {
  test("has the reference run's statistics: about 333 groups of 3 prompts, 1,780 tokens on average, output 10 to 200", () => {
    const seeds = Array.from({ length: 10 }, (_, seed) => workloadStatistics(workload("reference", { seed })));
    for (const { requests, conversations } of seeds) {
      expect(requests).toBe(1000);
      expect(Math.abs(conversations - 333)).toBeLessThan(60);
    }
    expect(mean(seeds.map(({ conversations }) => conversations)) / 333).toBeCloseTo(1, 1);
    expect(Math.abs(mean(seeds.map(({ promptTokens }) => promptTokens)) / 1780 - 1)).toBeLessThan(0.05);
    expect(mean(seeds.map(({ outputTokens }) => outputTokens)) / 105).toBeCloseTo(1, 1);
    // Two of three turns go on from one that is there: the most that any policy can find in caches.
    expect(mean(seeds.map(({ hitBound }) => hitBound))).toBeCloseTo(0.66, 1);
  });

  test("its requests are independent and shuffled, a later piece goes on from an earlier one", () => {
    const made = workload("reference", { requests: 300 });
    expect(made.sequential).toBe(false);
    const orderly = [...made.order].sort(([a, s], [b, t]) => a - b || s - t);
    expect(made.order).not.toEqual(orderly);
    for (let i = 0; i < made.conversations; i++) {
      const requests = made.conversation(i);
      for (const [turn, request] of requests.entries()) {
        expect(request.answer).toBeUndefined();
        expect(request.prompt.startsWith(requests[turn - 1]?.prompt ?? "")).toBe(true);
      }
    }
  });

  test("different conversations share less than a block of 16 tokens, less than four words", () => {
    const made = workload("reference", { requests: 600, firstTurnTokens: 50, laterTurnTokens: 10 });
    const firsts = Array.from({ length: made.conversations }, (_, i) => tokensOf(made.conversation(i)[0]!));
    for (const [i, a] of firsts.entries()) {
      for (const b of firsts.slice(0, i)) {
        if (Math.min(a.length, b.length) >= 4) expect(shared(a, b)).toBeLessThan(4);
      }
    }
  });

  test("100,000 requests are told without their texts", () => {
    const made = workload("reference", { requests: 100_000 });
    expect(made.order).toHaveLength(100_000);
    expect(Math.abs(made.conversations / 33_333 - 1)).toBeLessThan(0.05);
    const [conversation, turn] = made.order[99_999]!;
    expect(made.conversation(conversation)[turn]!.prompt.length).toBeGreaterThan(0);
  });

  test("is the same on every engine", () => {
    const hash = createHash("sha256");
    for (const { prompt, outputTokens } of requestsOf(workload("reference", { requests: 100, seed: 1 }))) {
      hash.update(`${outputTokens} ${prompt}\n`);
    }
    expect(hash.digest("hex").slice(0, 16)).toMatchInlineSnapshot(`"69cbf2d30125f115"`);
  });
});

describe("chat", () => {
  test("a turn goes on from the one before and its answer, which has the tokens that were asked for", () => {
    const made = workload("chat", { requests: 200, seed: 3 });
    expect(made.sequential).toBe(true);
    expect(made.order).toEqual(Array.from({ length: made.conversations }, (_, i) => [i, 0]));
    for (let i = 0; i < made.conversations; i++) {
      const requests = made.conversation(i);
      for (const [turn, request] of requests.entries()) {
        expect(tokenize(request.answer!)).toHaveLength(request.outputTokens);
        const before = requests[turn - 1];
        if (before === undefined) continue;
        expect(request.prompt.startsWith(before.prompt + before.answer)).toBe(true);
        const heard = [...tokensOf(before), ...tokenize(before.answer!)];
        expect(tokensOf(request).slice(0, heard.length)).toEqual(heard);
      }
    }
  });

  test("has the reference's mean prompt", () => {
    const seeds = Array.from({ length: 5 }, (_, seed) => workloadStatistics(workload("chat", { seed })).promptTokens);
    expect(Math.abs(mean(seeds) / 1780 - 1)).toBeLessThan(0.05);
  });
});

describe("generated shared prefixes", () => {
  test("have SGLang's defaults, to the token: 1,024 prompts of 2,048 and 128 tokens with two line ends between them", () => {
    const made = workload("gsp");
    expect([made.size, made.conversations, made.sequential]).toEqual([1024, 1024, false]);
    const groups = new Map<number, WorkloadRequest[]>();
    for (const request of requestsOf(made)) {
      expect(tokensOf(request)).toHaveLength(2048 + 2 + 128);
      expect(request.outputTokens).toBe(256);
      groups.set(request.group!, [...(groups.get(request.group!) ?? []), request]);
    }
    expect([...groups.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    for (const requests of groups.values()) {
      expect(requests).toHaveLength(16);
      const [first, second] = requests.map(tokensOf);
      const common = shared(first!, second!);
      expect(common).toBeGreaterThanOrEqual(2050);
      expect(common).toBeLessThan(2054);
    }
  });

  test("any share of a length down to the ratio, ordered, several questions of a conversation", () => {
    const made = workload("gsp", {
      groups: 3,
      promptsPerGroup: 4,
      systemTokens: 100,
      questionTokens: 40,
      outputTokens: 20,
      rangeRatio: 0.5,
      turns: 3,
      ordered: true,
    });
    expect([made.size, made.conversations, made.sequential]).toEqual([36, 12, true]);
    const conversations = Array.from({ length: 12 }, (_, i) => made.conversation(i));
    expect(conversations.map(([first]) => first!.group)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    const outputs = conversations.flat().map(({ outputTokens }) => outputTokens);
    expect(Math.min(...outputs)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...outputs)).toBeLessThanOrEqual(20);
    expect(new Set(outputs).size).toBeGreaterThan(3);
    for (const requests of conversations) {
      expect(requests[2]!.prompt.startsWith(requests[1]!.prompt + requests[1]!.answer)).toBe(true);
    }
  });

  test("by Zipf's law: group g as often as 1 ÷ g^alpha", () => {
    const requests = 20_000;
    const made = workload("gspzipf", { requests, groups: 8, alpha: 2 });
    const counts = Array.from({ length: 8 }, () => 0);
    for (let i = 0; i < requests; i++) counts[made.conversation(i)[0]!.group!]!++;
    const weights = counts.map((_, i) => 1 / (i + 1) ** 2);
    const sum = weights.reduce((a, b) => a + b);
    for (const [i, count] of counts.entries()) expect(count / requests).toBeCloseTo(weights[i]! / sum, 2);
  });
});

describe("hotmix", () => {
  test("four in ten share one prefix of 4,096 tokens, the others nothing", () => {
    const requests = [...requestsOf(workload("hotmix", { requests: 50 }))];
    const hot = requests.filter(({ group }) => group === 0).map(tokensOf);
    const cold = requests.filter(({ group }) => group === undefined).map(tokensOf);
    expect([hot.length, cold.length]).toEqual([20, 30]);
    for (const tokens of hot) {
      expect(tokens).toHaveLength(4096 + 128);
      if (tokens !== hot[0]) expect(shared(tokens, hot[0]!)).toBeGreaterThanOrEqual(4096);
    }
    for (const tokens of cold) {
      expect(tokens).toHaveLength(1024);
      for (const other of [...cold, hot[0]!]) if (other !== tokens) expect(shared(tokens, other)).toBeLessThan(4);
    }
  });
});

describe("random", () => {
  test("lengths from 1 to the most, or one length", () => {
    const lengths = [...requestsOf(workload("random", { requests: 2000, inputTokens: 8, outputTokens: 3 }))];
    expect(new Set(lengths.map((request) => tokensOf(request).length))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
    expect(new Set(lengths.map(({ outputTokens }) => outputTokens))).toEqual(new Set([1, 2, 3]));
    const fixed = [...requestsOf(workload("random", { requests: 20, inputTokens: 300, rangeRatio: 1 }))];
    expect(new Set(fixed.map((request) => tokensOf(request).length))).toEqual(new Set([300]));
  });

  test("shares nothing, however many there are", () => {
    expect(workloadStatistics(workload("random", { requests: 2000, inputTokens: 64 })).hitBound).toBe(0);
  });
});

describe("any lengths", () => {
  test("are met to the token", () => {
    const length = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(fc.nat(), length, length, fc.integer({ min: 1, max: 3 }), (seed, system, question, turns) => {
        const made = workload("gsp", {
          seed: seed % 4294967296,
          groups: 2,
          promptsPerGroup: 1,
          systemTokens: system,
          questionTokens: question,
          outputTokens: 9,
          turns,
        });
        for (const request of requestsOf(made)) {
          expect(tokensOf(request)).toHaveLength(system + 2 + (request.turn + 1) * question + request.turn * 9);
        }
      }),
    );
  });
});

describe("parameters", () => {
  test.each([
    ["reference", { requests: 0 }, "reference: requests must be a whole number from 1 to 1000000000, not 0"],
    ["reference", { requests: "10" }, 'reference: requests must be a whole number from 1 to 1000000000, not "10"'],
    ["reference", { turns: 0.5 }, "reference: turns must be a number from 1 to 1000000000, not 0.5"],
    ["reference", { turns: Number.NaN }, "reference: turns must be a number from 1 to 1000000000, not NaN"],
    ["reference", { seed: -1 }, "reference: seed must be a whole number from 0 to 4294967295, not -1"],
    ["reference", { minOutputTokens: 300 }, "reference: minOutputTokens must be at most maxOutputTokens, 200, not 300"],
    ["chat", { turn: 3 }, "chat has no parameter turn; it takes seed, requests, turns, "],
    ["gsp", { rangeRatio: 1.5 }, "gsp: rangeRatio must be a number from 0 to 1, not 1.5"],
    ["gsp", { ordered: "yes" }, 'gsp: ordered must be true or false, not "yes"'],
    ["gsp", { data: "text" }, "gsp has no parameter data; it takes seed, "],
    ["gspzipf", { alpha: 0 }, "gspzipf: alpha must be a number from 0.001 to 100, not 0"],
    ["hotmix", { hotShare: -0.1 }, "hotmix: hotShare must be a number from 0 to 1, not -0.1"],
    [
      "poetry",
      {},
      'workload must be reference, chat, gsp, gspzipf, hotmix, random, sharegpt, mooncake, azure, mtbench, taubench, glaive, bbh, custom, not "poetry"',
    ],
  ])("%s %j: refused, with the value and what is accepted", (name, options, message) => {
    expect(() => workloadByName(name, options)).toThrow(message);
  });

  test("undefined ones are not given", () => {
    expect(workload("reference", { requests: undefined, turns: undefined }).size).toBe(1000);
  });
});
